use super::*;

fn voice_of(quiet: bool, verbose: bool, surface: TerminalCapabilities) -> Terminal {
    Terminal::new(&OutputFlags { quiet, verbose, ..OutputFlags::default() }, surface)
}

#[test]
fn quiet_leaves_warnings_and_errors_and_verbose_adds_details() {
    let all = [Rank::Debug, Rank::Info, Rank::Hint, Rank::Warning, Rank::Error];
    let heard = |quiet, verbose| {
        let voice = voice_of(quiet, verbose, TerminalCapabilities::default());
        all.map(|rank| voice.is_heard(rank))
    };
    assert_eq!(heard(true, false), [false, false, false, true, true]);
    assert_eq!(heard(false, false), [false, true, true, true, true]);
    assert_eq!(heard(false, true), [true; 5]);
}

#[test]
fn in_a_pipe_a_text_is_marked_and_nothing_else() {
    let voice = voice_of(false, false, TerminalCapabilities::default());
    let long = "word ".repeat(40);
    assert_eq!(voice.dressed(Rank::Warning, &long), format!("warning: {}", long.trim_end()));
    assert_eq!(voice.dressed(Rank::Error, "error[x]: no\n  log\n"), "error[x]: no\n  log");
    assert_eq!(voice.dressed(Rank::Info, "done"), "done");
}

#[test]
fn the_mark_is_coloured_and_the_words_are_not() {
    let voice = voice_of(
        false,
        false,
        TerminalCapabilities { colour: true, ..TerminalCapabilities::default() },
    );
    let text = voice.dressed(Rank::Warning, "slow");
    assert_eq!(text, "\u{1b}[1m\u{1b}[33mwarning: \u{1b}[0mslow");
    assert_eq!(voice.dressed(Rank::Info, "done"), "done");
}

#[test]
fn words_of_others_do_not_control_the_terminal() {
    assert_eq!(tamed("a\u{1b}[2J\tb\r\n\u{202e}c"), "a[2J b\nc");
}
