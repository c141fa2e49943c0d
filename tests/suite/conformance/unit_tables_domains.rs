//! Compares the domains of a service in the route table of a sidecar with the tables of istiod.

use std::collections::BTreeMap;

use mesh::load::Snapshot;
use mesh::routing::{Proxy, Role, Table, outbound};
use mesh::world::{Settings, World, host};
use serde_json::{Value, json};

use super::unit_tables::{list, number, same, text};

/// Builds the service and the route table of a sidecar in the namespace with which the proxy's DNS domain starts. A domain
/// that does not have the form of Kubernetes is used as the domain of the cluster.
pub fn virtual_host_domains(row: &Value) -> Result<(), String> {
    let node = &row["node"];
    let dns_domain = text(&node["dNSDomain"]);
    let (namespace, domain) = dns_domain.split_once(".svc.").unwrap_or(("default", dns_domain));
    let service = service(row, domain).to_string();
    let snapshot = Snapshot::of_texts([("service.yaml", service.as_str())]);
    let world = World::new(&snapshot, Settings { domain: domain.to_owned(), ..Settings::default() });
    let address = node["iPAddresses"][0].as_str().map(|address| address.parse().unwrap());
    let proxy = Proxy::sidecar(&world, namespace, &BTreeMap::new()).at(address);
    let Role::Sidecar(scope) = &proxy.role else { return Err("the proxy is not a sidecar".to_owned()) };
    let port = outbound::OutboundPort::new(&proxy, scope, number(&row["port"]));
    let hosts = super::shared_table(&port).map(Table::virtual_hosts).unwrap_or_default();
    let hostname = text(&row["service"]["hostname"]);
    let in_brackets = if hostname.contains(':') { format!("[{hostname}]") } else { hostname.to_owned() };
    let name = format!("{in_brackets}:{}", number(&row["port"]));
    let found = hosts.iter().find(|host| host.name == name).ok_or("the table has no such virtual host")?;
    let mut ours: Vec<&str> = found.domains.iter().map(String::as_str).collect();
    let mut theirs = list(&row["want"]);
    ours.sort_unstable();
    theirs.sort_unstable();
    same(ours, theirs)
}

/// The service of a row: a Kubernetes Service if its name has that form, otherwise a ServiceEntry. Only a Service can have
/// several addresses.
fn service(row: &Value, domain: &str) -> Value {
    let (service, port) = (&row["service"], number(&row["port"]));
    let hostname = text(&service["hostname"]);
    let Some((name, namespace)) = host::kubernetes_service(hostname, domain) else {
        return json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": {"name": "server", "namespace": "default"},
            "spec": {
                "hosts": [hostname],
                "location": if service["meshExternal"] == true { "MESH_EXTERNAL" } else { "MESH_INTERNAL" },
                "ports": [{"number": port, "name": "http", "protocol": "HTTP"}],
                "resolution": "DNS",
            },
        });
    };
    let mut spec = json!({"ports": [{"port": port, "name": "http"}]});
    if service["resolution"] == "<model.Passthrough>" {
        spec["clusterIP"] = "None".into();
    }
    let cluster = text(&row["node"]["metadata"]["clusterID"]);
    let addresses = &service["clusterVIPs"]["addresses"][cluster];
    if !addresses.is_null() {
        spec["clusterIPs"] = addresses.clone();
    }
    let metadata = json!({"name": name, "namespace": namespace});
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}
