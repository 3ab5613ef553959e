//! The pages that `--help` shows, in words: what each verb is for, examples, what it
//! writes and how it exits. At most 80 columns.

mod replay;
mod study;

pub(super) use replay::REPLAY;
pub(super) use study::STUDY;

/// The whole program's page. The verbs stand in groups of use.
pub(super) const TEMPLATE: &str = "\
{about}

{before-help}Usage: coldstart VERB [OPTIONS]

Measure
  run          a scenario: idle, then bursts, at every function
  gate         two sides in turns; fails when the head starts slower
  compare      two runs that are there
  tune         memory limits against latency and price
  aa           how often would the gate cry wolf here?
  fleet        on several machines: a Swarm, hosts by ssh, Kubernetes
  study        a platform as a whole: keep-alive, surges, chains, uploads
  explain      why a start takes so long: files, modules, work and waits
  replay       a trace of calls against keep-alive policies

Serve
  serve        functions over HTTP, as AWS Lambda does, on real instances
  invoke       one function once: its answer, its log, where the time went

Look
  show         any result again, as it was printed
  list         what can be measured, and what was
  report       a result's pages and charts again, from what was measured

Prepare
  doctor       what is here, what is missing, what to type
  init         begin with your own image
  build        the functions' images
  image        this program as an image, to run it in a container
  clean        remove what a killed run left

For your shell
  completions  of verbs and flags
  man          manual pages
  help         help VERB says more about one

Options
  -q, --quiet       say nothing but results, warnings and errors
  -v, --verbose     say more: every trial, every command that is run
      --color WHEN  auto, always or never; auto heeds NO_COLOR
  -h, --help        this page; -h is the short one
  -V, --version     the version{after-help}";

/// A verb's page: what it is for, examples, what it writes, how it exits, its flags.
pub(super) const VERB: &str = "\
{about-with-newline}
{usage-heading} {usage}

{before-help}{all-args}{after-help}";

pub(super) const EXAMPLES: &str = "\
Examples
  coldstart run --provision          measure the default scenario, from nothing
  coldstart run quick --dry-run      what would be done, and how long it takes
  coldstart show latest              the last result again
  coldstart gate --base origin/main  did this change make starts slower?
  coldstart run --networks bridge,host,none --until 2%
                                     by network, until medians are known well
  coldstart run --parallel 4         starts a minute, four at a time
  coldstart compare RUN1 RUN2        did it get slower between two runs?
  coldstart tune orders              how much memory should it have?
  coldstart run --image REF          measure an image of your own";

pub(super) const ENDING: &str = "\
Results go to standard output, in the form of --format; everything else goes to
standard error. Files go to a new folder below results/.

Exit status
  0    ok
  1    gate, compare: slower, or a cell is gone; with run --check: over budget
  2    usage: what was typed, or a file you wrote, is wrong
  3    gate, compare, run --check with --strict: cannot be told
  4    the machine, an engine or a file stands in the way; a verdict is invalid
  130  interrupted: by Ctrl-C, SIGTERM or SIGHUP

Errors begin with error[CODE]
  usage        what was typed                               status 2
  input        a scenario or functions file, with its line  status 2
  missing      an engine or image, with what to type        status 4
  engine       the engine failed or refused                 status 4
  files        a file cannot be read or written             status 4
  environment  something else of the machine or the run     status 4

Environment
  COLDSTART_PROVISION=1        the same as --provision
  DOCKER_HOST, DOCKER_CONTEXT  which engine; no other one is taken
  DOCKER_TLS_VERIFY, DOCKER_CERT_PATH  its certificates, as Docker has them
  NO_COLOR                     no colours";

pub(super) const RUN: &str = "\
Examples
  coldstart run --provision
  coldstart run quick --dry-run
  coldstart run my/scenario.toml --functions-file my/functions.toml
  coldstart run --cpus 0.25,1 --page-cache warm,image-cold
  coldstart run single --until 2% --max-time 10m
  coldstart run single --variants         is an archive, a snapshot worth it?
  coldstart run single --image my-lambda:1 --event @order.json
  coldstart run --image my-lambda:1 --command app.handler --env TABLE=orders
  coldstart run single --image web:1 --http 8080
  coldstart run --cost --cold 1%           and what its calls would have cost
  coldstart run --check my/scenario.toml   fail where a budget is exceeded
  coldstart run --continue results/RUN     one that was stopped or killed
  coldstart run --format json >summary.json

It writes a new folder: run.json, samples.jsonl, trials.jsonl, and what is made
of them: summary.json, summary.csv, report.md, report.html, charts, histograms.
Ctrl-C (or SIGTERM, SIGHUP) ends it after the trial, or at once while nothing
has answered in it, and twice at once; what was measured is kept and reported,
and --continue goes on with it by the same plan, on the same machine and images.
A function that never answers is given up after three of its time limits; when
all are, the run ends.

Exit status: 0 measured; 1 with --check: over budget; 2 usage; 3 with --strict:
unclear; 4 nothing could be measured; 130 interrupted.";

pub(super) const SERVE: &str = "\
Examples
  coldstart serve orders users
  coldstart serve --image orders=my-lambda:1 --env TABLE=orders --port 0
  coldstart serve orders --policy fixed:30s --concurrency 4 --scaling 2/1s
  coldstart serve orders --event-queue ./queue --on-failure ./failed
  coldstart serve orders --time-scale 60     a minute between tries is a second
  coldstart serve thumbnail --network host --bucket big=thumbnail --bucket small
  coldstart serve orders --schedule 'orders=cron(0 * * * ? *)'
  coldstart serve orders mail --then orders=mail

  export AWS_ENDPOINT_URL=http://127.0.0.1:9001      for the AWS CLI and SDKs
  aws lambda invoke --function-name orders --payload '{}' answer.json
  curl http://orders.localhost:9001/path           its URL; or /url/orders/path

Signatures are not checked; any key will do. Standard output gets the endpoint
and Lambda's REPORT line of each call. It writes a run's folder: every call is a
row of it, for `show`, `report` and `compare`; events wait in queue.journal, on
disk before their client is told so. Ctrl-C or SIGTERM takes no more calls and
finishes those that came; twice waits for no client.

Exit status: 0 served until it was stopped; 2 usage; 4 the port is taken, or
nothing can be started.";

pub(super) const INVOKE: &str = "\
Examples
  coldstart invoke orders
  coldstart invoke orders --event '{\"id\":7}'
  coldstart invoke --image my-lambda:1 --event @order.json
  coldstart invoke thumbnail --sample s3
  coldstart invoke --image my-lambda:debug --debug 5678

Its answer goes to standard output, all else to standard error: what it wrote,
Lambda's REPORT line, and the phases of its start. The event is the function's
own unless one is typed. It writes a run's folder with one row.

Exit status: 0 answered; 2 usage; 4 it failed, or could not be called; 130
interrupted.";

pub(super) const EXPLAIN: &str = "\
Examples
  coldstart explain my_function
  coldstart explain --image my-lambda:1 --event @order.json
  coldstart explain --image my-lambda:2 --base my-lambda:1
  coldstart explain --base origin/main      what is new in the working tree
  coldstart explain --page-cache image-cold --rounds 10

Starts of their own are watched, from outside, in turns with plain ones: every
file that is opened and what took the time until the next, work and waits by
phase, the modules that a runtime tells of when its environment asks for it, and
what of the image no start opens. What watching took is measured with it. It
needs root, for the kernel's file and process events.

It writes a new folder: explain.json, explain.md, explain.html, charts, and for
each function its folded stacks, for flame-graph tools.

Exit status: 0 explained; 2 usage; 4 no start was ready, or it could not be
watched; 130 interrupted.";

pub(super) const GATE: &str = "\
Examples
  coldstart gate --base origin/main             against the working tree
  coldstart gate --base v1.2 --head v1.3
  coldstart gate --base origin/main --explain   and why, of what is slower
  coldstart gate --base ./old --head ./new      two folders
  coldstart gate --base-image shop:1 --head-image shop:2
  coldstart gate --base HEAD --inject 20ms      see it catch a slower head
  coldstart gate --base HEAD^1 --format markdown >comment.md

It writes a new folder: base and head, a run each, and compare.json, compare.md,
compare.html, compare.xml (JUnit), charts. In a GitHub job it adds to the
summary.

Exit status: 0 not slower; 1 slower, a cell is gone, or over budget; 2 usage; 3
unclear, with --strict; 4 invalid, or it could not be measured; 130 interrupted.";

pub(super) const COMPARE: &str = "\
Examples
  coldstart compare results/before results/after
  coldstart compare --baseline results/after
  coldstart compare results/a results/b --margin 10% --format csv
  coldstart compare results/a results/b --join orders=orders_v2
  coldstart compare results/a results/a --join plain=framework   two of one run

It writes compare.json, compare.md, compare.html, compare.xml (JUnit) and charts
into `compare` in the head's folder, or into --out.

Exit status: 0 not slower, or advisory; 1 slower, or a cell is gone;
2 usage; 3 unclear, with --strict; 4 invalid, or a run cannot be read.";

pub(super) const TUNE: &str = "\
Examples
  coldstart tune orders
  coldstart tune orders users --memory 256,512,1769 --cold 5%
  coldstart tune orders --memory 128..1024 --init provisioned --arch arm
  coldstart tune --image my-lambda:1 --event @order.json --dry-run
  coldstart tune orders --prices my/prices.toml --format csv

Processor time follows from memory as on AWS Lambda, and an on-demand init is
not throttled: that needs the right to write the engine's cgroups (root,
mostly).

It writes a run's folder (see `run`), and into it what was found: tune.json,
tune.csv, tune.md, tune.html and its charts. `show` and `report` give it again.
A size under which a function fails is a row that says so, and is never chosen.

Exit status: 0 measured; 2 usage; 4 nothing could be measured; 130 interrupted.";

pub(super) const AA: &str = "\
Examples
  coldstart aa --runs 20                        false alarms on this machine
  coldstart aa --inject 10ms,5%                 and how often that is found
  coldstart aa --simulate results/a --runs 1000
                                                drawn from recorded starts

It writes a new folder: aa.json, aa.md, and the runs of every gate.

Exit status: 0 measured; 2 usage; 4 it could not be measured; 130 interrupted.";

pub(super) const BUILD: &str = "\
Examples
  coldstart build --provision
  coldstart build --functions-file my/functions.toml

It changes the engine's images and nothing else. `run` and `gate` build what is
missing by themselves.

Exit status: 0 built; 2 usage; 4 a build or a base image failed.";

pub(super) const FLEET: &str = "\
Examples
  coldstart image                                  once, and on every node
  coldstart fleet run quick --swarm
  coldstart fleet run --swarm --constraint node.labels.kind==big --together
  coldstart fleet run --hosts ssh://a,ssh://me@b:2222 --rounds 20
  coldstart fleet manifest --kubernetes --on a,b quick >jobs.json
  coldstart fleet collect a=a.log b=b.log

Every node runs the same plan, by this program's image and its own engine: with
--swarm as a job placed there, with --hosts through a socket that ssh forwards.
Nodes need that image and the functions' images, by the same ids: what is
missing is told per node, and nothing is measured then. It writes a run's folder
with one of each node in nodes/, reported as one run with the node as a factor.
`manifest` prints Jobs; what their pods printed (kubectl logs) is collected.

Exit status: 0 measured; 2 usage; 4 a node was not measured to the end, or none
can be; 130 interrupted.";

pub(super) const IMAGE: &str = "\
Examples
  coldstart image
  coldstart image --out coldstart.tar           for `docker load` elsewhere
  coldstart image --program target/aarch64-unknown-linux-musl/image/coldstart

It loads an image, named coldstart:VERSION, into the engine that `run` would
take, or writes its archive. Nothing is in it but the program, which must be
static: that of a musl target is. The same program is the same image, by its id,
wherever it is made.

Exit status: 0 made; 2 usage; 4 the program is not static, there is no engine or
the file cannot be written.";

pub(super) const REPORT: &str = "\
Examples
  coldstart report results/reference
  coldstart report results/mine --cost --arch arm
  coldstart report results/reference --splice README.md
  coldstart report results/spoilt --salvage

It writes summary.json, summary.csv, report.md, report.html, charts and
histograms into the run's folder again; with --cost also cost.csv, and
cost.json, by which later reports say the same. Of a study, an explanation or a
replay it writes the pages and charts again. A verdict is not judged again:
`show` shows it, and writes nothing. A run whose rows are not those of its plan
is refused; --salvage reads what is there, and says so on every page.

Exit status: 0 written; 2 usage; 4 the folder cannot be read or written.";

pub(super) const CLEAN: &str = "\
Examples
  coldstart clean
  coldstart clean --engine --images

It removes what carries the label of this program, the folders of commits that
were unpacked, sockets and locks, and nothing else. Results stay. A run whose
process lives is named and left alone, and so is one of which that cannot be
told (of another machine or container); --force takes them too.

Exit status: 0 removed; 2 usage; 4 the engine does not answer, or what was asked
for by --run, --images or --engine is in use.";

pub(super) const DOCTOR: &str = "\
Examples
  coldstart doctor
  coldstart doctor --format json

It writes nothing. What is missing is told with what to type.

Exit status: 0 whatever is found; 2 usage.";

pub(super) const LIST: &str = "\
Examples
  coldstart list
  coldstart list runs
  coldstart list runs --format csv
  coldstart list scenarios --functions-file my/functions.toml

It writes nothing. What cannot be read is named with the reason.

Exit status: 0 whatever is found; 2 usage.";

pub(super) const SHOW: &str = "\
Examples
  coldstart show latest
  coldstart show results/reference
  coldstart show 2026-11-22-005258-default --format csv
  coldstart show latest --rows --failed

It writes nothing. It takes the folder of whatever was written: a run, a fleet,
a tuned or served run, a study, an explanation or a replay is made again from
what was measured; a comparison, a gate or an aa is shown as it was judged.
json, markdown and csv are the files of that name in the folder: summary.json,
report.md and summary.csv of a run, compare.json and compare.md of a comparison.
--rows is every row of a run, or of a study's calls, as it was measured, one a
line in csv; `run -v` keeps with them the beginning of each reply and the last
that each instance wrote.

Exit status: 0 shown; 2 no such result; 4 it cannot be read.";

pub(super) const INIT: &str = "\
Examples
  coldstart init bench --image registry.example/team/orders:1.2
  coldstart init bench --name orders
  coldstart init bench --image web:1 --http 8080 --http-path /health
  coldstart init . --build                     from the Dockerfile that is here

It writes functions.toml and scenario.toml. A file that is there stays as it is:
you are shown what to add to it. To measure an image once and write nothing:
coldstart run --image REF.

Exit status: 0 written, or told; 2 usage; 4 a file cannot be written.";

pub(super) const COMPLETIONS: &str = "\
Examples
  coldstart completions bash >>~/.bash_completion
  coldstart completions zsh >~/.zfunc/_coldstart
  coldstart completions fish >~/.config/fish/completions/coldstart.fish";

pub(super) const MAN: &str = "\
Examples
  coldstart man run | man -l -
  coldstart man --out ~/.local/share/man/man1

Exit status: 0 written; 2 no such verb; 4 a page cannot be written.";
