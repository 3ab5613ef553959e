//! Documents in the forms that readers and programs have: each writes what it is given,
//! in its own markup, and leaves out what it has no room for. None re-orders or re-words.

pub(super) mod csv;
pub(super) mod folded;
pub(super) mod github;
pub(super) mod html;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod markdown;
pub(super) mod terminal;
pub(super) mod trackers;
