//! The same as a Kubernetes Job for each node: a pod may have the machine's processes and
//! networks, so nothing is started beside it.

use anyhow::Result;
use serde_json::{Value, json};

use super::job::{Job, VARIABLE};
use super::{MEASURE, Member};
use crate::engine::LABEL_FLEET;
use crate::engine::docker::beside::SOCKET_WITHIN;
use crate::provision::own_image::{SHARED, STATE};

/// The Jobs, as what `kubectl apply -f` takes.
///
/// # Errors
/// As [`Job::encode`].
pub fn manifest(job: &Job, image: &str, members: &[Member]) -> Result<String> {
    let encoded = job.encode()?;
    let named = members.iter().zip(object_names(members));
    let jobs: Vec<Value> = named.map(|(of, name)| one(job, image, of, &name, &encoded)).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": jobs });
    Ok(serde_json::to_string_pretty(&list)?)
}

/// Whether a node of Kubernetes can be called so: as a host is, in lower case.
#[must_use]
pub fn is_kubernetes_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.split('.').all(|part| {
        part.starts_with(fine) && part.ends_with(fine) && part.chars().all(|c| fine(c) || c == '-')
    })
}

/// A name of its own for each Job, of 63 characters at most and without a dot: pods are named
/// by it.
fn object_names(members: &[Member]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for member in members {
        let cut: String = member.name.chars().take(48).collect();
        let first = format!("coldstart-{}", cut.replace('.', "-").trim_matches('-'));
        // `a.b` and `a-b` are two nodes, and so are two whose names differ after that.
        let (mut name, mut number) = (first.clone(), 1);
        while names.contains(&name) {
            number += 1;
            name = format!("{first}-{number}");
        }
        names.push(name);
    }
    names
}

/// The value of a label: 63 characters at most, of letters, digits and some others.
fn label(text: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let text: String = text.chars().take(63).map(fine).collect();
    text.trim_matches(['.', '_', '-']).to_owned()
}

fn one(job: &Job, image: &str, member: &Member, name: &str, encoded: &str) -> Value {
    let labels = json!({ "app.kubernetes.io/name": "coldstart", LABEL_FLEET: label(&job.id) });
    let host = |name: &str, path: &str, kind: &str| json!({ "name": name, "hostPath": { "path": path, "type": kind } });
    let mount = |name: &str, path: &str| json!({ "name": name, "mountPath": path });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name, "labels": labels },
        "spec": {
            // What was measured once is measured: a second try would be another run.
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    // By its name: the label that has its host's may have another.
                    "affinity": { "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [{ "matchFields": [
                                { "key": "metadata.name", "operator": "In", "values": [member.id] },
                            ] }],
                        },
                    } },
                    // Whatever keeps other work away.
                    "tolerations": [{ "operator": "Exists" }],
                    "restartPolicy": "Never",
                    "hostNetwork": true,
                    "hostPID": true,
                    // It asks nothing of the cluster, and is to know nothing of it.
                    "automountServiceAccountToken": false,
                    "enableServiceLinks": false,
                    "terminationGracePeriodSeconds": 60,
                    "containers": [{
                        "name": "coldstart",
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        // Or it has cgroups of its own where they are of version 2, and on kernels
                        // before 6.6 no events. By the engine's socket it may do all the same.
                        "securityContext": { "privileged": true },
                        "args": MEASURE,
                        "env": [{ "name": VARIABLE, "value": encoded }],
                        "volumeMounts": [
                            mount("engine", SOCKET_WITHIN),
                            mount("shared", SHARED),
                            mount("state", STATE),
                            json!({
                                "name": "cgroups",
                                "mountPath": "/sys/fs/cgroup",
                                "readOnly": true,
                            }),
                        ],
                    }],
                    "volumes": [
                        host("engine", &member.socket, "Socket"),
                        host("shared", SHARED, "DirectoryOrCreate"),
                        host("state", STATE, "DirectoryOrCreate"),
                        host("cgroups", "/sys/fs/cgroup", "Directory"),
                    ],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::job::tests::job;
    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        let member =
            |name: &&str| Member { socket: "/run/d.sock".to_owned(), ..Member::named(name) };
        names.iter().map(member).collect()
    }

    fn jobs(names: &[&str]) -> Vec<Value> {
        let text = manifest(&job(3), "coldstart:1", &members(names)).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    #[test]
    fn every_machine_has_a_job_of_its_own_that_is_never_tried_again() {
        let jobs = jobs(&["big.one", "b"]);
        assert_eq!(jobs.len(), 2);
        let (first, spec) = (&jobs[0], &jobs[0]["spec"]["template"]["spec"]);
        assert_eq!(
            (first["apiVersion"].as_str(), first["kind"].as_str()),
            (Some("batch/v1"), Some("Job"))
        );
        assert_eq!(first["metadata"]["name"], "coldstart-big-one");
        assert_eq!(first["spec"]["backoffLimit"], 0);
        // A Job's pods must not be started again by their own.
        assert_eq!(spec["restartPolicy"], "Never");
    }

    #[test]
    fn a_pod_has_the_machine_and_nothing_of_the_cluster() {
        let jobs = jobs(&["a"]);
        let spec = &jobs[0]["spec"]["template"]["spec"];
        assert_eq!(
            (&spec["hostPID"], &spec["hostNetwork"]),
            (&Value::Bool(true), &Value::Bool(true))
        );
        // No other field gives a pod the machine's cgroups.
        assert_eq!(spec["containers"][0]["securityContext"], json!({ "privileged": true }));
        // Or the server adds a key to itself, and variables of every service there is.
        assert_eq!(
            (&spec["automountServiceAccountToken"], &spec["enableServiceLinks"]),
            (&Value::Bool(false), &Value::Bool(false))
        );
        let names = |list: &Value| -> Vec<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&spec["containers"][0]["volumeMounts"]), names(&spec["volumes"]));
        let told = spec["containers"][0]["env"][0]["value"].as_str().unwrap();
        assert_eq!(Job::decode(told).unwrap(), job(3));
    }

    #[test]
    fn a_pod_is_bound_to_its_node_by_that_ones_name_and_not_by_a_label() {
        let jobs = jobs(&["a.example"]);
        let spec = &jobs[0]["spec"]["template"]["spec"];
        let term = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution\
                    /nodeSelectorTerms/0/matchFields/0";
        let expected = json!({ "key": "metadata.name", "operator": "In", "values": ["a.example"] });
        assert_eq!(spec.pointer(term), Some(&expected));
        assert_eq!(spec.get("nodeSelector"), None);
    }

    #[test]
    fn nodes_that_are_called_alike_have_jobs_of_two_names() {
        let long = "x".repeat(60);
        let names =
            object_names(&members(&["a.b", "a-b", &format!("{long}1"), &format!("{long}2")]));
        assert_eq!(names[..2], ["coldstart-a-b", "coldstart-a-b-2"]);
        assert_ne!(names[2], names[3]);
        assert!(names.iter().all(|name| name.len() <= 63), "{names:?}");
    }

    #[test]
    fn what_no_node_can_be_called_is_none() {
        for name in ["a", "ip-10-0-0-1.eu.internal", "1a"] {
            assert!(is_kubernetes_name(name), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "a..b", "a.", "ä"] {
            assert!(!is_kubernetes_name(name), "{name}");
        }
    }
}
