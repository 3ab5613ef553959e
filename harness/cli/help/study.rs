//! The page of `study`.

pub(in crate::cli) const STUDY: &str = "\
Examples
  coldstart study idle orders --policy fixed:5s --most 8s --within 100ms
  coldstart study idle orders --engine fake --policy fixed:10m    in no time
  coldstart study surge orders --policy none --sizes 1,4,16 --network host
  coldstart study surge orders --concurrency 4 --shape poisson:2s
  coldstart study spike orders users mail --policy none
  coldstart study chain orders mail --policy fixed:500ms
  coldstart study ladder orders --calls 1,60,3600
  coldstart study thumbnail thumbnails --picture red.jpg
  coldstart study idle --url https://host/whoami --instance-field id

It calls functions behind the rules of a pool, those of AWS Lambda unless others
are typed. `idle` pauses between calls, and finds by bisection for how long an
instance is kept. `surge` calls so many at once, from nothing each time where
the policy keeps nothing (--policy none) or the pause is longer. `spike` calls
all functions at one instant, and each alone. `chain` hands the answer of each
function to the next, cold and at once again. `ladder` has one function as a
process of this machine, always on, started for each call and in a pool, in
turns, and counts what an hour of each costs. `thumbnail` uploads a picture and
waits for what the function makes of it. Every call is a row of the run's
folder, with study.html, study.md, study.json and study.csv beside report.html.
With --url a platform of somebody else is called, which costs money there: how
many calls there are at most is said before.

Exit status: 0 measured; 2 usage; 4 it could not be measured; 130 interrupted.";
