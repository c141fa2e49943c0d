//! ExternalName Services: the hosts to which they finally lead (istiod: `resolveServiceAliases`).

use std::collections::{BTreeMap, BTreeSet};

use super::Registry;

/// The indices of the ExternalName Services, by the host to which they lead, each list by namespace and host. An alias in
/// a loop leads nowhere. If several namespaces define an alias for one host name, istiod follows any of them.
pub(super) fn resolve(services: &Registry<'_>) -> BTreeMap<String, Vec<usize>> {
    let all = || services.iter().enumerate().filter_map(|(index, alias)| Some((index, alias, alias.external_name()?)));
    let named: BTreeMap<&str, &str> = all().map(|(_, alias, target)| (alias.hostname.as_str(), target)).collect();
    let mut aliases: BTreeMap<String, Vec<(&str, &str, usize)>> = BTreeMap::new();
    for (index, alias, first) in all() {
        let mut seen = BTreeSet::from([alias.hostname.as_str()]);
        let mut target = first;
        let is_loop = loop {
            match named.get(target) {
                None => break false,
                Some(_) if !seen.insert(target) => break true,
                Some(next) => target = next,
            }
        };
        if !is_loop {
            aliases.entry(target.to_owned()).or_default().push((&alias.namespace, &alias.hostname, index));
        }
    }
    let sorted = aliases.into_iter().map(|(target, mut aliases)| {
        aliases.sort_unstable();
        (target, aliases.into_iter().map(|(_, _, index)| index).collect())
    });
    sorted.collect()
}
