//! The variants that are described with the functions: built, shown to be in effect, started
//! cold and called warm, which takes a while: only where they are asked for, by `-- --ignored
//! variant_`. What is not in effect is told, always.

use coldstart::engine::ImageStore;
use coldstart::observer::Silent;
use coldstart::provision::bases::Bases;
use coldstart::provision::{Consent, Surroundings, images};
use coldstart::sample::{Mark, Temperature};
use coldstart::spec::function::{Function, ImageSource, Proof, Variant};
use coldstart::store::FunctionRecord;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested, all_functions};
use crate::deployed;
use crate::subject::{TrialSubject, ok};

pub(crate) fn trials() -> Vec<Trial> {
    let variants = all_functions().unwrap_or_default().into_iter().filter(|f| f.variant.is_some());
    let one = |function: Function| {
        let what = format!("variant_{}_is_built_in_effect_and_cold_and_warm", function.name);
        let test = Trial::test(what, move || Bench::with(|bench| answers(bench, &function)));
        test.with_ignored_flag(true)
    };
    let mut all: Vec<Trial> = variants.map(one).collect();
    all.push(Bench::trial("a_variant_that_is_not_in_effect_is_told", is_not_in_effect));
    all.push(Bench::trial("how_long_a_build_took_is_known_later", knows_its_build));
    all
}

/// Its record, its image made now unless it is there.
fn ensured(bench: &Bench, functions: &[Function]) -> Result<Vec<FunctionRecord>, Failed> {
    let around = Surroundings::read();
    let bases = Bases::new(&around, Consent::from_flag(false), &Silent);
    let made = bench.wait(images::ensure(&*bench.engine, functions, &bases, &bench.run));
    made.map_err(|error| format!("{error:#}").into())
}

fn answers(bench: &Bench, function: &Function) -> Tested {
    let record = ensured(bench, std::slice::from_ref(function))?.remove(0);
    let variant = record.variant.clone().ok_or("no variant")?;
    assert!(variant.shown.is_some(), "it has a proof");
    TrialSubject::of(bench, function, &record, |subject| {
        let target = deployed::target(subject, function.clone())?;
        let cold = subject.invoke(&target);
        ok(&cold)?;
        assert_eq!(cold.temperature, Temperature::Cold);
        let ready = cold.marks.get(Mark::Ready).or(cold.marks.get(Mark::Listening));
        assert!(ready.is_some(), "{cold:?}");
        let proves = function.reply.proves();
        for count in 2..5 {
            let warm = subject.invoke(&target);
            ok(&warm)?;
            assert_eq!((warm.temperature, &warm.id), (Temperature::Warm, &cold.id));
            assert_eq!(warm.proof.map(|proof| proof.invocation), proves.then_some(count));
        }
        Ok(())
    })
}

/// The lightest function as a variant of itself, whose proof looks for such a text.
fn variant(text: &str, label: &str) -> Result<Function, Failed> {
    let all = all_functions().map_err(|error| format!("{error:#}"))?;
    let found = all.into_iter().find(|function| function.is_null);
    let mut function = found.ok_or("no null function")?;
    let command = ["{command}", "--version"].map(str::to_owned).to_vec();
    function.variant = Some(Variant {
        of: function.name.clone(),
        name: label.to_owned(),
        about: "Nothing.".to_owned(),
        link: None,
        proof: Some(Proof { command, text: text.to_owned() }),
    });
    function.name = format!("{}_{label}", function.name);
    Ok(function)
}

fn is_not_in_effect(bench: &Bench) -> Tested {
    let function = variant("opt-level 7", "fails")?;
    let functions = [function];
    let error = ensured(bench, &functions).unwrap_err();
    let told = format!("{error:?}");
    removed(bench, &functions[0])?;
    for part in ["`fails` of `rust` is not in effect", "opt-level 7", "static"] {
        assert!(told.contains(part), "{told}");
    }
    Ok(())
}

/// Its image is removed: nobody will ask for it again.
fn removed(bench: &Bench, function: &Function) -> Tested {
    let image = bench.wait(images::present(&*bench.engine, function)).ok_or("no image")?;
    Ok(bench.wait(bench.engine.remove_image(&image))?)
}

fn knows_its_build(bench: &Bench) -> Tested {
    let mut function = variant("static", "timed")?;
    // Its image cannot be there already.
    if let ImageSource::Build(build) = &mut function.recipe {
        build.args.insert("RUN".to_owned(), bench.run.clone());
    }
    let functions = [function];
    let first = ensured(bench, &functions)?.remove(0);
    let again = ensured(bench, &functions)?.remove(0);
    removed(bench, &functions[0])?;
    let (first, again) = (first.build.ok_or("no time")?, again.build.ok_or("not noted")?);
    assert!(first.in_this_run && !again.in_this_run);
    assert_eq!(first.ms, again.ms);
    Ok(())
}
