//! What the kernel tells: of starts, of resources, of files in memory, of the machine.

pub mod cgroup;
pub mod cgroup_moves;
pub mod container_trace;
pub mod cpu_samples;
pub mod exec_trace;
pub mod file_trace;
pub mod host;
pub mod machine;
pub mod page_cache;
pub mod socket_trace;
