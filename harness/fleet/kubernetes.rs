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
    let jobs: Vec<Value> = members.iter().map(|of| one(job, image, of, &encoded)).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": jobs });
    Ok(serde_json::to_string_pretty(&list)?)
}

/// Names of objects are those of hosts: lower case, 63 characters at most.
fn object_name(member: &Member) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = member.name.chars().take(50).map(fine).collect();
    format!("coldstart-{}", name.trim_matches('-'))
}

/// The value of a label: 63 characters at most, of letters, digits and some others.
fn label(text: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let text: String = text.chars().take(63).map(fine).collect();
    text.trim_matches(['.', '_', '-']).to_owned()
}

fn one(job: &Job, image: &str, member: &Member, encoded: &str) -> Value {
    let labels = json!({ "app.kubernetes.io/name": "coldstart", LABEL_FLEET: label(&job.id) });
    let host = |name: &str, path: &str, kind: &str| json!({ "name": name, "hostPath": { "path": path, "type": kind } });
    let mount = |name: &str, path: &str, read_only: bool| json!({ "name": name, "mountPath": path, "readOnly": read_only });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": object_name(member), "labels": labels },
        "spec": {
            // What was measured once is measured: a second try would be another run.
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "nodeSelector": { "kubernetes.io/hostname": member.id },
                    // Whatever keeps other work away.
                    "tolerations": [{ "operator": "Exists" }],
                    "restartPolicy": "Never",
                    "hostNetwork": true,
                    "hostPID": true,
                    "terminationGracePeriodSeconds": 60,
                    "containers": [{
                        "name": "coldstart",
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        "args": MEASURE,
                        "env": [{ "name": VARIABLE, "value": encoded }],
                        "volumeMounts": [
                            mount("engine", SOCKET_WITHIN, false),
                            mount("shared", SHARED, false),
                            mount("state", STATE, false),
                            mount("cgroups", "/sys/fs/cgroup", true),
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

    #[test]
    fn every_machine_has_a_job_of_its_own_that_is_never_tried_again() {
        let member =
            |name: &str| Member { socket: "/run/docker.sock".to_owned(), ..Member::named(name) };
        let job = job(3);
        let text = manifest(&job, "coldstart:1", &[member("Big.one"), member("b")]).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        let (first, spec) = (&items[0], &items[0]["spec"]["template"]["spec"]);
        assert_eq!(
            (first["apiVersion"].as_str(), first["kind"].as_str()),
            (Some("batch/v1"), Some("Job"))
        );
        assert_eq!(first["metadata"]["name"], "coldstart-big-one");
        assert_eq!(first["spec"]["backoffLimit"], 0);
        assert_eq!(spec["nodeSelector"]["kubernetes.io/hostname"], "Big.one");
        assert_eq!(
            (&spec["hostPID"], &spec["hostNetwork"]),
            (&Value::Bool(true), &Value::Bool(true))
        );
        // A Job's pods must not be started again by their own.
        assert_eq!(spec["restartPolicy"], "Never");
        let mounted: Vec<&str> = spec["containers"][0]["volumeMounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mount| mount["name"].as_str().unwrap())
            .collect();
        let volumes: Vec<&str> = spec["volumes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|volume| volume["name"].as_str().unwrap())
            .collect();
        assert_eq!(mounted, volumes);
        let told = spec["containers"][0]["env"][0]["value"].as_str().unwrap();
        assert_eq!(Job::decode(told).unwrap(), job);
    }
}
