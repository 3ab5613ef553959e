//! What the engine says of itself and of its default network.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use bollard::Docker;
use bollard::models::{
    EndpointResource, Ipam, IpamConfig, NetworkInspect, SystemInfo, SystemVersion,
};

use strum::VariantArray;

use super::failure::{failed, has_status};
use super::identity::Brand;
use crate::engine::{EngineError, EngineInfo, Resident, Strangers};
use crate::spec::factor::{
    Capabilities, CpuQuota, CpuRule, LOG_DRIVER, LogDriver, MemoryLimit, Network, OciRuntime,
};
use crate::text::sanitize::printable;

pub(super) async fn describe(docker: &Docker, address: &str) -> Result<EngineInfo, EngineError> {
    let doing = format!("describe the engine at {address}");
    let info = docker.info().await.map_err(|e| failed(&doing, e))?;
    let version = docker.version().await.map_err(|e| failed(&doing, e))?;
    let api = docker.client_version();
    let brand = Brand::of(&version);
    Ok(EngineInfo {
        kind: brand.to_string(),
        version: or_unknown(info.server_version.clone()),
        api_version: format!("{}.{}", api.major_version, api.minor_version),
        oci_runtime: oci_runtime(&info, version),
        oci_programs: oci_programs(&info),
        offers: offers(&info, brand),
        storage_driver: or_unknown(info.driver.clone()),
        cgroups: cgroups(&info),
        kernel: or_unknown(info.kernel_version),
        address: address.to_owned(),
        callback: None,
        daemons: BTreeMap::new(),
    })
}

/// What its images run on, as an image names it.
pub(super) async fn platform(docker: &Docker) -> Result<String, EngineError> {
    let version = docker.version().await;
    let version = version.map_err(|e| failed("ask what images run on", e))?;
    Ok(platform_of(version.os.as_deref(), version.arch.as_deref()))
}

/// `linux/amd64`; empty where half of it is not told.
pub(super) fn platform_of(os: Option<&str>, architecture: Option<&str>) -> String {
    match (os, architecture) {
        (Some(os), Some(of)) if !os.is_empty() && !of.is_empty() => format!("{os}/{of}"),
        _ => String::new(),
    }
}

pub(super) async fn data_root(docker: &Docker) -> Result<String, EngineError> {
    let info = docker.info().await.map_err(|e| failed("ask for the data root", e))?;
    Ok(or_unknown(info.docker_root_dir))
}

/// The address of the host on the default bridge; none when there is no such
/// network.
pub(super) async fn bridge_gateway(docker: &Docker) -> Result<Option<IpAddr>, EngineError> {
    let network = bridge(docker).await?;
    Ok(network.and_then(|network| configs(network.ipam).iter().find_map(gateway)))
}

/// Who has an address on the default bridge already, the host among them.
pub(super) async fn strangers(docker: &Docker) -> Result<Strangers, EngineError> {
    let Some(network) = bridge(docker).await? else { return Ok(Strangers::default()) };
    let containers = network.containers.unwrap_or_default();
    let mut known: BTreeMap<IpAddr, Resident> =
        containers.into_iter().filter_map(resident).collect();
    let configs = configs(network.ipam);
    let host = Resident { id: String::new(), name: "this host".to_owned() };
    known.extend(configs.iter().filter_map(gateway).map(|address| (address, host.clone())));
    Ok(Strangers::new(configs.iter().find_map(subnet), known))
}

async fn bridge(docker: &Docker) -> Result<Option<NetworkInspect>, EngineError> {
    match docker.inspect_network("bridge", None).await {
        Ok(network) => Ok(Some(network)),
        Err(e) if has_status(&e, 404) => Ok(None),
        Err(e) => Err(failed("inspect the network `bridge`", e)),
    }
}

fn configs(ipam: Option<Ipam>) -> Vec<IpamConfig> {
    ipam.and_then(|ipam| ipam.config).unwrap_or_default()
}

/// The address of a container, and who that is.
fn resident((id, container): (String, EndpointResource)) -> Option<(IpAddr, Resident)> {
    let address = container.ipv4_address?;
    let address = address.split('/').next()?.parse().ok()?;
    let name = printable(&container.name.unwrap_or_default(), 64);
    Some((address, Resident { id, name: format!("container {name}") }))
}

fn subnet(config: &IpamConfig) -> Option<(IpAddr, u8)> {
    let (network, prefix) = config.subnet.as_deref()?.split_once('/')?;
    Some((network.parse().ok()?, prefix.parse().ok()?))
}

/// The gateway, or the first address of the subnet: what the engine takes when
/// nobody chose, and does not always tell before its first container.
fn gateway(config: &IpamConfig) -> Option<IpAddr> {
    if let Some(address) = config.gateway.as_deref().and_then(|g| g.parse().ok()) {
        return Some(address);
    }
    let (network, _) = config.subnet.as_deref()?.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(u32::from(network).checked_add(1)?)))
}

fn oci_runtime(info: &SystemInfo, version: SystemVersion) -> String {
    let name = or_unknown(info.default_runtime.clone());
    let component = version.components.unwrap_or_default().into_iter().find(|c| c.name == name);
    match component {
        Some(component) => format!("{name} {}", component.version),
        None => name,
    }
}

/// What podman lists and does not hear is here too: where it runs, it is known.
fn oci_programs(info: &SystemInfo) -> BTreeMap<String, String> {
    let file = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let all = info.runtimes.iter().flatten();
    let told =
        all.filter_map(|(name, runtime)| Some((name.clone(), file(runtime.path.as_ref()?)?)));
    told.filter(|(_, file)| !file.is_empty()).collect()
}

fn offers(info: &SystemInfo, brand: Brand) -> Capabilities {
    let default = or_unknown(info.default_runtime.clone());
    // What podman is asked for in this way it does not hear, and starts the default one.
    let runtimes = info.runtimes.iter().filter(|_| brand == Brand::Docker).flatten();
    let mut others: Vec<String> = runtimes.map(|(name, _)| name.clone()).collect();
    others.retain(|name| *name != default);
    others.sort();
    let mut log_drivers = info.plugins.as_ref().and_then(|p| p.log.clone()).unwrap_or_default();
    // A driver of every engine, and not a plug-in.
    log_drivers.push("none".to_owned());
    if brand == Brand::Podman {
        // Its other name for `k8s-file`.
        log_drivers.push(LOG_DRIVER.to_owned());
    }
    log_drivers.sort();
    log_drivers.dedup();
    Capabilities::default()
        .with::<Network>(Network::VARIANTS.iter().map(ToString::to_string).collect())
        .with::<OciRuntime>([default].into_iter().chain(others).collect())
        .with::<CpuQuota>(info.cpu_cfs_quota.unwrap_or(false).into())
        .with::<CpuRule>(info.cpu_cfs_quota.unwrap_or(false).into())
        .with::<MemoryLimit>(info.memory_limit.unwrap_or(false).into())
        .with::<LogDriver>(log_drivers.into_iter().collect())
}

fn cgroups(info: &SystemInfo) -> String {
    let driver = info.cgroup_driver.map_or_else(unknown, |d| d.to_string());
    let version = info.cgroup_version.map_or_else(unknown, |v| v.to_string());
    format!("{driver} v{version}")
}

fn or_unknown(text: Option<String>) -> String {
    text.filter(|t| !t.is_empty()).unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(gateway: Option<&str>, subnet: &str) -> IpamConfig {
        IpamConfig {
            gateway: gateway.map(str::to_owned),
            subnet: Some(subnet.to_owned()),
            ..IpamConfig::default()
        }
    }

    #[test]
    fn the_gateway_is_the_one_that_is_told() {
        let address = gateway(&config(Some("172.17.0.9"), "172.17.0.0/16"));
        assert_eq!(address, Some("172.17.0.9".parse().unwrap()));
    }

    #[test]
    fn a_container_of_the_network_is_known_by_address_and_name() {
        let (name, ipv4_address) = (Some("scan".into()), Some("172.17.0.5/16".into()));
        let container = EndpointResource { name, ipv4_address, ..EndpointResource::default() };
        let known = resident(("4f6a".into(), container));
        let (id, name) = ("4f6a".into(), "container scan".into());
        assert_eq!(known, Some(("172.17.0.5".parse().unwrap(), Resident { id, name })));
        assert_eq!(resident((String::new(), EndpointResource::default())), None);
        let subnet = subnet(&config(None, "172.18.0.0/16"));
        assert_eq!(subnet, Some(("172.18.0.0".parse().unwrap(), 16)));
    }

    #[test]
    fn what_podman_lists_and_does_not_hear_is_not_offered() {
        let runtimes = ["crun", "runc"].map(|name| (name.to_owned(), Default::default()));
        let info = SystemInfo {
            default_runtime: Some("crun".to_owned()),
            runtimes: Some(runtimes.into_iter().collect()),
            ..SystemInfo::default()
        };
        let of = |brand| offers(&info, brand).runtimes().to_vec();
        assert_eq!(of(Brand::Docker), ["crun", "runc"]);
        assert_eq!(of(Brand::Podman), ["crun"]);
    }

    #[test]
    fn an_untold_gateway_is_the_first_address() {
        let address = gateway(&config(None, "172.18.0.0/16"));
        assert_eq!(address, Some("172.18.0.1".parse().unwrap()));
    }
}
