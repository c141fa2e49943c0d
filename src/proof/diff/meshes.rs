//! The differences of several meshes, each class of requests once.

use super::{Change, Diff};
use crate::simulate::answer_differences;

impl Diff {
    /// The differences of several meshes, by their names, as one. Overlays share files, so that a change of one of them is
    /// often the same in many meshes.
    pub fn of_meshes(parts: Vec<(String, Self)>) -> Self {
        let has_several = parts.len() > 1;
        let mut all = Self::default();
        all.meshes.both = parts.len();
        for (mesh, diff) in parts {
            if diff.compared.vantages > 0 {
                all.meshes.touched.push(mesh.clone());
            }
            for change in diff.changes {
                let at = all.changes.iter().position(|known| known.is_same(&change)).unwrap_or_else(|| {
                    all.changes.push(change);
                    all.changes.len() - 1
                });
                all.changes[at].meshes.extend(has_several.then(|| mesh.clone()));
            }
            for (cluster, fields) in diff.settings {
                all.settings.entry(cluster).or_default().extend(fields);
            }
            for appearance in diff.appearances {
                if !all.appearances.contains(&appearance) {
                    all.appearances.push(appearance);
                }
            }
            let named = |reason: String| if has_several { format!("mesh {mesh}: {reason}") } else { reason };
            all.incomplete.extend(diff.incomplete.into_iter().map(named));
            all.compared.vantages += diff.compared.vantages;
            all.compared.tables += diff.compared.tables;
            all.compared.rules += diff.compared.rules;
        }
        all.changes.sort_by_key(|it| (it.kind, it.is_rare()));
        all
    }
}

impl Change {
    /// Whether another mesh is changed in the same way, at the same places.
    fn is_same(&self, other: &Self) -> bool {
        let places = |it: &Self| [&it.before, &it.after].map(|answer| answer.route.as_ref().map(|route| route.span));
        let is_alike = |(one, two)| answer_differences(one, two).is_empty();
        self.kind == other.kind
            && self.hosts == other.hosts
            && self.context == other.context
            && self.condition == other.condition
            && self.aspects == other.aspects
            && places(self) == places(other)
            && is_alike((&self.before, &other.before))
            && is_alike((&self.after, &other.after))
    }
}
