//! A functions file: what is read are functions that can be told, or an error that says
//! why.

#![no_main]

use std::path::Path;

use coldstart::spec::function;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match function::parse(text, "functions.toml", Path::new("functions")) {
        Ok(all) => {
            let names: Vec<String> = all.iter().map(|f| f.name.clone()).collect();
            assert_eq!(function::select(&all, &names).map(|all| all.len()).ok(), Some(all.len()));
            assert!(!function::listed(&names).is_empty() || names.is_empty());
        }
        Err(error) => assert!(!format!("{error:#}").trim().is_empty()),
    }
});
