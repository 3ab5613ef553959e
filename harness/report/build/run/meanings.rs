//! What each figure of a run means, from which instant to which.

/// What each figure means, from which instant to which.
pub(super) const MEANINGS: [(&str, &str); 27] = [
    (
        "the answer",
        "of medians of single cold calls (of the smallest bursts where there are none); one function takes longer than another where their 95 % intervals do not overlap; shares are of the row nearest the median",
    ),
    (
        "latency",
        "from the instant the schedule wanted the invocation to the last byte of its reply",
    ),
    ("queue", "intended to dispatched: the driver's own lateness"),
    ("create", "dispatched to the start call: the container is created"),
    ("daemon", "start call to the shim's exec: the engine's daemon"),
    ("shim", "the shim's exec to the OCI runtime's create"),
    (
        "sandbox",
        "the OCI runtime's create to its first hook, or to its end: namespaces, cgroups, mounts",
    ),
    ("network", "the first hook, or the end of the create, to the OCI runtime's start"),
    ("start", "the OCI runtime's start to the exec of the function's own binary"),
    ("engine", "daemon, shim, sandbox, network and start, merged"),
    ("boot", "exec to the first line of main: the language runtime"),
    ("init", "first line of main to asking for the first event: the function's own start-up"),
    ("invoke", "asking for the event (warm: dispatched) to the last byte of the reply"),
    ("replied", "the instant, by its own clock, at which the function began to write its reply"),
    ("a+b", "phases merged because the mark between them was not seen"),
    (
        "95 %",
        "interval that assumes no distribution: of one row a round from order statistics; of several, which are not independent, by drawing whole rounds again, and none below six rounds",
    ),
    (
        "ratio",
        "cold median over the warm median of the same function and network; a point estimate",
    ),
    ("err", "failures; they rank above every success, so a quantile can be `failed`"),
    (
        "null process",
        "a function that does nothing but answer, as a process of the host: what the driver itself takes",
    ),
    (
        "null container",
        "the same in a container from an empty image: what the engine takes of every function",
    ),
    (
        "over null, or over the null container",
        "excess: cold median less that of the null container under the same factors; a point estimate",
    ),
    (
        "calibration",
        "the null function sleeps a known time before it is ready: a line through the known and the measured",
    ),
    ("slope", "measured per known time, with its standard error; 1 is the truth"),
    ("intercept", "what is measured of no sleep"),
    (
        "spread",
        "standard deviation of the starts about that line, by the median absolute deviation",
    ),
    ("reply seen", "bias: replied to the instant at which the driver had read the reply"),
    (
        "machine",
        "quiet, noisy (medians stand, tails and small differences may be the machine's) or disturbed",
    ),
];
