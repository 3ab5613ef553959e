//! The page of `replay`.

pub(in crate::cli) const REPLAY: &str = "\
Examples
  coldstart replay --generate day.csv           a trace, where you have none
  coldstart replay day.csv                      against the usual policies
  coldstart replay day.csv --run results/RUN --functions orders
  coldstart replay day.csv --policy fixed:5m,hybrid,provisioned:2
  coldstart replay day.csv --memory 16GiB --policy lru,greedy-dual,cidre
  coldstart replay day.csv --limit 100 --speed 10 --real --policy fixed:10s
                                                with containers: is it so?

Policies
  none                     keeps nothing: every call is cold
  fixed[:TIME]             keeps each for a time after its latest call (10m)
  lru                      keeps all until memory is short; the least recently
                           used goes
  greedy-dual              the same; what is cheap to start, large and seldom
                           called goes
  hybrid[:BIN]             starts and removes by a histogram of pauses (240 bins
                           of 1m)
  cidre[:TIME]             greedy-dual, and calls may wait for a busy instance
  provisioned[:N[:TIME]]   N of each are always there (1); others as with fixed

Nothing is started but with --real: time is virtual, and what a start takes is
drawn from a run that was measured. A function of the trace is taken for the
measured one whose warm calls take most nearly as long.

It writes a new folder: replay.json, replay.csv, replay.md, replay.html and a
chart. `show` and `report` give it again.

Exit status: 0 played; 2 usage, or the trace is wrong; 4 no run can be read.";
