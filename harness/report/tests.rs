pub(crate) mod synthetic;
