//! Whether a variant is in effect: asked of its image before anything is measured.

use anyhow::{Context, Result, bail};

use crate::engine::{Image, ImageStore};
use crate::provision::last_lines;
use crate::spec::function::{Function, Launch, Proof, Variant};
use crate::store::VariantRecord;
use crate::text::sanitize::printable_line;

/// The longest line that is recorded as a proof, in characters.
const SHOWN: usize = 200;

/// What is recorded of a variant that is in effect, or says of itself no way to see it; none
/// of a function by itself.
pub(super) async fn of(
    engine: &impl ImageStore,
    function: &Function,
    (reference, image): (&str, &Image),
    run: &str,
) -> Result<Option<VariantRecord>> {
    let Some(variant) = &function.variant else { return Ok(None) };
    let shown = match &variant.proof {
        None => None,
        Some(proof) => {
            let words = proof.words(&started(&function.launch, image));
            let output = engine.run_once(reference, run, &words, &function.env).await;
            let output = output.with_context(|| {
                format!("whether it is in effect, as `{}` of `{}`", variant.name, variant.of)
            })?;
            Some(line(variant, proof, &output)?)
        }
    };
    Ok(Some(recorded(variant, shown)))
}

/// What is recorded of a variant.
pub(super) fn recorded(variant: &Variant, shown: Option<String>) -> VariantRecord {
    let Variant { of, name, about, link, .. } = variant.clone();
    VariantRecord { of, name, about, link, shown }
}

/// The line that shows it.
fn line(variant: &Variant, proof: &Proof, output: &str) -> Result<String> {
    let Some(line) = proof.shown(output) else {
        let Variant { name, of, .. } = variant;
        bail!(
            "the variant `{name}` of `{of}` is not in effect: its proof printed no `{}`{}",
            proof.text,
            last_lines(output)
        );
    };
    Ok(printable_line(line.trim(), SHOWN))
}

/// The words that an instance is started by.
fn started(launch: &Launch, image: &Image) -> Vec<String> {
    let Launch { entrypoint, command, .. } = launch;
    let config = &image.config;
    match (entrypoint.is_empty(), command.is_empty()) {
        (false, _) => [&entrypoint[..], command].concat(),
        (true, false) => [&config.entrypoint[..], command].concat(),
        (true, true) => [&config.entrypoint[..], &config.command].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ImageConfig;

    fn variant() -> Variant {
        let proof = Proof { command: vec!["{command}".into(), "-v".into()], text: "fast".into() };
        let (of, name, about) = ("f".into(), "quick".into(), "It is quicker.".into());
        Variant { of, name, about, link: None, proof: Some(proof) }
    }

    #[test]
    fn a_proof_runs_the_words_that_instances_are_started_by() {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let config = ImageConfig {
            entrypoint: words(&["e"]),
            command: words(&["c", "d"]),
            ..ImageConfig::default()
        };
        let image = Image { config, ..Image::default() };
        let proof = variant().proof.unwrap();
        let of = |launch: &Launch| proof.words(&started(launch, &image));
        assert_eq!(of(&Launch::default()), ["e", "c", "d", "-v"]);
        let command = Launch { command: words(&["x"]), ..Launch::default() };
        assert_eq!(of(&command), ["e", "x", "-v"]);
        let entrypoint = Launch { entrypoint: words(&["y"]), ..Launch::default() };
        assert_eq!(of(&entrypoint), ["y", "-v"], "the image's command does not hold then");
    }

    #[test]
    fn a_line_is_the_proof_and_none_is_told_with_what_was_printed() {
        let (variant, proof) = (variant(), variant().proof.unwrap());
        let shown = line(&variant, &proof, "x\n\u{1b}[1m is fast \u{7}\n").unwrap();
        assert!(shown.contains("is fast") && !shown.contains('\u{1b}'), "{shown:?}");
        let error = line(&variant, &proof, "slow, alas").unwrap_err().to_string();
        for part in ["`quick` of `f` is not in effect", "`fast`", "slow, alas"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
