//! Which events belong to one start, and what they mark: pure.
//!
//! An engine passes the container's full id to nearly everything that it runs
//! for it, so the id finds those; what is left descends from them or is the
//! function itself, whose process id the engine tells. In a burst some helpers
//! are gone before they are read: those are known by their parents, or not at all.

use std::collections::HashMap;

use super::Event;
use crate::probe::cgroup::CpuUse;
use crate::sample::{Mark, Process};
use crate::text::sanitize::printable;

/// Characters that an id has at least: with fewer it could be in any argument.
const SHORTEST_ID: usize = 12;
/// Characters of a process's name before it is cut: with the two that cutting
/// may add, 40.
const NAME: usize = 38;
/// Processes that are told of one start: a function may start any number.
const MOST_PROCESSES: usize = 64;
/// What engines ask of OCI runtimes and of their own helpers.
const VERBS: [&str; 7] = ["create", "run", "start", "init", "delete", "kill", "state"];

/// A start to find the events of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    /// The container's full id; empty for a plain process.
    pub id: &'a str,
    /// The function's first process, as the host counts.
    pub pid: Option<u32>,
    /// When the start call was written: nanoseconds since the run's epoch.
    pub from: u64,
    /// The function's first request, or the end of the step: nanoseconds since
    /// the run's epoch.
    pub until: u64,
}

/// What the events tell of a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// The marks that were found, in their order, none before the start or
    /// after its end.
    pub marks: Vec<(Mark, u64)>,
    /// The programs that took part, by the time they were executed: at most 64.
    /// A process that becomes another program ends here and begins again.
    pub processes: Vec<Process>,
    /// What its container had used at the exec of its mark.
    pub used: Option<CpuUse>,
}

/// Finds what belongs to a start. The events may be those of many starts, and
/// in any order.
#[must_use]
pub fn join(events: &[Event], start: &Start<'_>) -> Traced {
    let mut programs = programs(events, start);
    if start.pid.is_none()
        && let pid @ Some(_) = function(&programs)
    {
        programs = self::programs(events, &Start { pid, ..*start });
        return traced(&programs, &Start { pid, ..*start });
    }
    traced(&programs, start)
}

fn traced(programs: &[Program<'_>], start: &Start<'_>) -> Traced {
    let processes = programs.iter().filter(|p| p.belongs).take(MOST_PROCESSES);
    let marks = marks(programs, start);
    let exec = marks.iter().find(|(mark, _)| *mark == Mark::Exec).map(|(_, at)| *at);
    let began = programs.iter().rfind(|p| start.pid == Some(p.pid) && Some(p.exec) == exec);
    Traced {
        marks,
        used: began.and_then(|p| p.used).cloned(),
        processes: processes
            .map(|p| Process { name: p.name(), exec: p.exec, exit: p.exit })
            .collect(),
    }
}

/// One program that a process ran; a process may run several, one after another.
struct Program<'a> {
    pid: u32,
    parent: Option<u32>,
    argv: &'a [String],
    exec: u64,
    /// When it ended or became another program.
    exit: Option<u64>,
    /// Its process ran another before or after it.
    again: bool,
    /// The id is among its arguments.
    holds: bool,
    /// It is the function, or was started by it: not the engine's.
    own: bool,
    /// It took part in the start.
    belongs: bool,
    /// What its container had used by then.
    used: Option<&'a CpuUse>,
}

impl Program<'_> {
    /// It was gone before its arguments were read.
    fn unread(&self) -> bool {
        self.argv.is_empty()
    }

    fn told(&self, verb: &str) -> bool {
        self.argv.iter().skip(1).any(|argument| argument == verb)
    }

    fn told_any(&self, verbs: &[&str]) -> bool {
        verbs.iter().any(|verb| self.told(verb))
    }

    /// It is told to start a container, and nothing else.
    fn starts(&self, id: &str) -> bool {
        matches!(self.argv, [.., verb, of] if verb == "start" && of == id)
    }

    fn name(&self) -> String {
        let program = self.argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or("");
        // A function's arguments are its own affair.
        let verb = VERBS.iter().find(|verb| !self.own && self.told(verb));
        match (printable(program, NAME), verb) {
            (name, _) if name.is_empty() => "unknown".to_owned(),
            (name, Some(verb)) => printable(&format!("{name} {verb}"), NAME),
            (name, None) => name,
        }
    }
}

/// The programs executed from the start to its end, in order. Process ids are
/// used again: an id stands for the latest program that had it and has not ended.
fn programs<'a>(events: &'a [Event], start: &Start<'_>) -> Vec<Program<'a>> {
    let mut events: Vec<&Event> = events.iter().filter(|e| e.at() >= start.from).collect();
    // Two processors may tell out of turn.
    events.sort_by_key(|e| e.at());
    let mut programs: Vec<Program<'a>> = Vec::new();
    let mut running: HashMap<u32, usize> = HashMap::new();
    // The latest of each id, ended or not: some helpers end, and leave children.
    let mut latest: HashMap<u32, usize> = HashMap::new();
    for event in events {
        let (Event::Exec { at, pid, .. } | Event::Exit { at, pid }) = event;
        let before = running.remove(pid);
        if let Some(before) = before {
            programs[before].exit = Some(*at);
        }
        let Event::Exec { parent, argv, used, .. } = event else { continue };
        if *at > start.until {
            continue;
        }
        let above = parent.and_then(|parent| latest.get(&parent).copied());
        let either = |of: fn(&Program<'_>) -> bool| {
            [before, above].iter().flatten().any(|i| of(&programs[*i]))
        };
        let own = start.pid == Some(*pid) || either(|p| p.own);
        let holds = start.id.len() >= SHORTEST_ID && argv.iter().any(|a| a.contains(start.id));
        let belongs = own || holds || either(|p| p.belongs);
        if let Some(before) = before {
            programs[before].again = true;
        }
        // What made something for this container was made for it, too.
        if let Some(above) = above.map(|i| &mut programs[i]).filter(|p| holds && p.unread()) {
            above.belongs = true;
        }
        running.insert(*pid, programs.len());
        latest.insert(*pid, programs.len());
        programs.push(Program {
            pid: *pid,
            parent: *parent,
            argv,
            exec: *at,
            exit: None,
            again: before.is_some(),
            holds,
            own,
            belongs,
            used: used.as_ref(),
        });
    }
    programs
}

/// The marks, in order and in the order that they must have. Where the
/// function's process was executed before the OCI runtime was told to start it,
/// it was not yet the function: that one is left out.
fn marks(programs: &[Program<'_>], start: &Start<'_>) -> Vec<(Mark, u64)> {
    // Wrappers execute the function last.
    let exec = programs.iter().rfind(|p| start.pid == Some(p.pid)).map(|p| p.exec);
    let engine: Vec<&Program<'_>> = programs.iter().filter(|p| p.belongs && !p.own).collect();
    let create = engine.iter().position(|p| p.holds && p.told("create"));
    let Some((before, after)) = create.map(|at| engine.split_at(at)) else {
        // Without a daemon it is one call: of a container that was created ahead, its start,
        // which nothing comes before.
        let run = engine.iter().find(|p| p.holds && p.told("run")).map(|p| p.exec);
        let first = engine.first().filter(|p| run.is_none() && p.starts(start.id));
        let called = first.map(|p| p.exec);
        let exec = exec.filter(|at| Some(*at) >= run.or(called));
        let found = [(Mark::OciCreate, run), (Mark::OciStart, called), (Mark::Exec, exec)];
        return found.into_iter().filter_map(|(mark, at)| Some((mark, at?))).collect();
    };
    let end = exec.unwrap_or(start.until);
    let beside = || started_beside(programs, before.first()?, after[0], end);
    let create = after[0].exec;
    let started = started(after, end).or_else(beside);
    let exec = exec.filter(|at| *at >= started.unwrap_or(create));
    let limit = started.or(exec).unwrap_or(start.until);
    let found = [
        (Mark::Shim, before.first().map(|p| p.exec)),
        (Mark::OciCreate, Some(create)),
        (Mark::Hooks, hooks(after, limit)),
        (Mark::OciStart, started),
        (Mark::Exec, exec),
    ];
    found.into_iter().filter_map(|(mark, at)| Some((mark, at?))).collect()
}

/// The process of a function that is gone, so that no engine tells it: what the parent of
/// the OCI create, the shim, has for a child once the OCI start was executed.
fn function(programs: &[Program<'_>]) -> Option<u32> {
    let engine: Vec<&Program<'_>> = programs.iter().filter(|p| p.belongs).collect();
    let create = engine.iter().position(|p| p.holds && p.told("create"))?;
    // Where the shim is not the container's parent, what made it is.
    let parents = [engine[create].parent?, engine[create].pid];
    let start = engine[create..].iter().find(|p| p.holds && p.told("start"))?;
    let later = engine[create..].iter().filter(|p| p.exec > start.exec);
    let is_child = |p: &Program<'_>| p.parent.is_some_and(|parent| parents.contains(&parent));
    let mut children = later.filter(|p| is_child(p) && !p.holds && p.pid != start.pid);
    children.next().map(|p| p.pid)
}

/// When the OCI start was executed. It may be gone too soon to be read; but then
/// it is what the parent of the OCI create ran next, and before the function. The
/// first of the programs is the OCI create.
fn started(programs: &[&Program<'_>], exec: u64) -> Option<u64> {
    let (create, later) = programs.split_first()?;
    let read = later.iter().find(|p| p.holds && p.told("start"));
    let next = || {
        let next = later.iter().find(|p| p.parent == create.parent)?;
        let after = create.exit.is_some_and(|end| end <= next.exec) && next.exec <= exec;
        (create.parent.is_some() && next.unread() && after).then_some(next)
    };
    read.or_else(next).map(|p| p.exec)
}

/// The same where the shim has left its parent before it ran the OCI create, and that parent
/// starts the container itself. Of a start that was gone too soon nothing else tells: so it is
/// what alone fits, and where several do (in a burst), none.
fn started_beside(
    programs: &[Program<'_>],
    shim: &Program<'_>,
    create: &Program<'_>,
    exec: u64,
) -> Option<u64> {
    let has_left = shim.exit.is_some_and(|end| end <= create.exec);
    let parent = shim.parent.filter(|_| has_left)?;
    // It may have become another program in its own process.
    let created = programs.iter().filter(|p| p.pid == create.pid && p.exec >= create.exec);
    let created = created.filter_map(|p| p.exit).max()?;
    let fits = |p: &&Program<'_>| {
        p.unread() && p.parent == Some(parent) && p.exec >= created && p.exec <= exec
    };
    let first = programs.iter().find(fits)?;
    programs.iter().filter(fits).all(|p| p.pid == first.pid).then_some(first.exec)
}

/// When the hooks began: the first program that the OCI create ran and that is
/// not its own second self or, without one, the end of the OCI create. The first
/// of the programs is the OCI create. A runtime that becomes itself anew in its own process
/// has no second self; of any other the first program is one.
fn hooks(programs: &[&Program<'_>], limit: u64) -> Option<u64> {
    let create = programs.iter().rfind(|p| p.holds && p.told("create"))?;
    let first = programs.iter().find(|p| p.parent == Some(create.pid) && p.pid != create.pid);
    let second_self = first.filter(|p| p.unread() && !create.again).map(|p| p.exec);
    let hook = programs.iter().filter(|p| !p.told_any(&["create", "start", "init"])).find(|p| {
        let by_create = p.holds || p.parent == Some(create.pid);
        // Only second selves execute themselves again, and no hook.
        let is_self = p.unread() && p.again || Some(p.exec) == second_self;
        p.exec <= limit && by_create && !is_self
    });
    match hook {
        // It may be a hook or a second self that did not.
        Some(hook) if hook.unread() => None,
        Some(hook) => Some(hook.exec),
        None => create.exit.filter(|at| *at <= limit),
    }
}
