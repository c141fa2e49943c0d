//! The version of Istio that manifests install: that of images, of the resources of installers, and of Istio's charts.

use std::collections::BTreeSet;

use crate::source::Sources;

/// The ends of the names of Istio's images.
const IMAGES: [&str; 4] = ["proxyv2:", "pilot:", "install-cni:", "ztunnel:"];

/// Texts that only files have that install Istio.
const INSTALLERS: [&str; 4] =
    ["kind: IstioOperator", "sailoperator.io/", "istio-release.storage.googleapis.com/charts", "istio-release/charts"];

/// The keys of the version in such files.
const KEYS: [&str; 4] = ["tag", "version", "targetRevision", "appVersion"];

/// The minor versions that files install, in order: `1.27`.
pub fn find(sources: &Sources) -> Vec<String> {
    let versions: BTreeSet<(u32, u32)> = sources.iter().flat_map(|(_, file)| of_text(file.text())).collect();
    versions.into_iter().map(|(major, minor)| format!("{major}.{minor}")).collect()
}

fn of_text(text: &str) -> BTreeSet<(u32, u32)> {
    let is_installer = INSTALLERS.iter().any(|mark| text.contains(mark));
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| of_image(line).or_else(|| of_key(line).filter(|_| is_installer))).collect()
}

/// The version of an image: `image: docker.io/istio/proxyv2:1.27.1`.
fn of_image(line: &str) -> Option<(u32, u32)> {
    let tag = IMAGES.iter().find_map(|image| Some(line.split_once(&format!("/{image}"))?.1))?;
    minor(tag)
}

/// The version in a line such as `tag: 1.27.1`.
fn of_key(line: &str) -> Option<(u32, u32)> {
    let (key, value) = line.trim_start_matches("- ").split_once(':')?;
    KEYS.contains(&key).then(|| minor(value.trim().trim_matches(['"', '\''])))?
}

/// The numbers at the start of a version: `v1.27.1-distroless` is 1.27. Istio has the major version 1.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split(['.', '-']);
    let major: u32 = parts.next()?.parse().ok()?;
    let minor = parts.next()?.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()?;
    (major == 1).then_some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_istio() {
        let found = |text: &str| {
            let mut sources = Sources::default();
            sources.add("a.yaml", text);
            find(&sources).join(" ")
        };
        assert_eq!(
            found("image: docker.io/istio/proxyv2:1.27.1-distroless\nimage: gcr.io/x/pilot:1.9.0\n"),
            "1.9 1.27"
        );
        assert_eq!(found("kind: IstioOperator\nspec:\n  tag: 1.26.0\n"), "1.26");
        assert_eq!(found("apiVersion: sailoperator.io/v1\nspec: \n  version: v1.27.0\n"), "1.27");
        let chart =
            "repoURL: https://istio-release.storage.googleapis.com/charts\nchart: istiod\ntargetRevision: \"1.25.2\"\n";
        assert_eq!(found(chart), "1.25");
        assert_eq!(found("tag: 1.27.1\nimage: nginx:1.27\n# image: istio/pilot:1.20\nimage: istio/pilot:latest\n"), "");
    }
}
