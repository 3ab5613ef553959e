//! From one list of factors to everything that has a value of each.

/// Makes the types that have something of every factor from a list of them: a name, the
/// name of the list of its values, and its [`Factor`](super::Factor). In what it makes,
/// every factor is treated alike.
macro_rules! factors {
    ($($(#[doc = $about:literal])* $(#[serde($($serde:tt)*)])* $name:ident,
        $(#[serde($($of_list:tt)*)])? $list:ident: $factor:ty;)*) => {
        /// What is known of every factor, in their order.
        pub const FACTORS: [FactorInfo; [$(stringify!($name)),*].len()] =
            [$(FactorInfo::of::<$factor>()),*];

        /// What an instance is started under: every factor, nothing left open.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Factors {
            $($(#[doc = $about])* $(#[serde($($serde)*)])* pub $name: <$factor as Factor>::Resolved,)*
        }

        /// One combination of factors that a scenario asks for. What is none is left to
        /// the engine or the function.
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Combination {
            $($(#[doc = $about])* pub $name: Option<<$factor as Factor>::Value>,)*
        }

        /// The values of each factor that a scenario asks for. An empty list leaves the
        /// factor to the engine or the function.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct FactorMatrix {
            $($(#[doc = $about])* $(#[serde($($of_list)*)])?
            pub $list: Vec<<$factor as Factor>::Value>,)*
        }

        impl Default for FactorMatrix {
            fn default() -> Self {
                Self { $($list: <$factor>::defaults(),)* }
            }
        }

        impl Factors {
            /// What an instance that is started under the same would be asked for.
            #[must_use]
            pub fn asked(&self) -> Combination {
                Combination { $($name: self.$name.clone().into(),)* }
            }
        }

        impl Combination {
            /// Closes what is open, for a function with such limits on an engine with
            /// such a default runtime.
            #[must_use]
            pub fn resolve(&self, limits: Limits, runtime: &str) -> Factors {
                let engine = None$(.or($crate::spec::factor::engine::asked(&self.$name)))*.unwrap_or_default();
                let open = Open { limits, runtime, engine };
                Factors { $($name: <$factor>::resolve(self.$name.as_ref(), open),)* }
            }

            /// Whether an instance was started under what is asked for. What is left open
            /// may be anything.
            #[must_use]
            pub fn allows(&self, factors: &Factors) -> bool {
                $((self.$name.is_none() || self.$name == factors.$name.clone().into()))&&*
            }

            /// The value of every factor for a person, in their order; none of what is open.
            #[must_use]
            pub fn labels(&self) -> [Option<String>; FACTORS.len()] {
                [$(self.$name.as_ref().map(<$factor>::label)),*]
            }

            /// The value of every factor for a file, in their order; null of what is open.
            #[must_use]
            pub fn values(&self) -> [serde_json::Value; FACTORS.len()] {
                // Each is a name or a number, which nothing can go wrong with.
                [$(serde_json::to_value(&self.$name).unwrap_or_default()),*]
            }

            /// Which are nothing but what everybody gets who does not ask.
            fn usual(&self) -> [bool; FACTORS.len()] {
                [$(self.$name.as_ref().is_none_or(<$factor>::is_usual)),*]
            }

            /// Whether an engine can honour it.
            ///
            /// # Errors
            /// Says which factor it cannot, and what it can.
            pub fn refuse(&self, offers: &Capabilities) -> Result<(), String> {
                let usual = self.usual().into_iter();
                let refusals = [$(self.$name.as_ref().map(|v| <$factor>::refuse(v, offers))),*];
                let asked = usual.zip(refusals).filter(|(usual, _)| !usual);
                asked.filter_map(|(_, refusal)| refusal).collect()
            }
        }

        impl FactorMatrix {
            /// Takes values as they are typed for the list of such a name; nothing of a
            /// name that there is not.
            ///
            /// # Errors
            /// Says which value is none, and what would be.
            pub fn set(&mut self, list: &str, typed: &[String]) -> Result<(), String> {
                $(if list == <$factor>::LIST {
                    self.$list = typed.iter().map(|t| <$factor>::parse(t)).collect::<Result<_, _>>()?;
                })*
                Ok(())
            }

            /// How each list of values is typed, in the order of the factors.
            #[must_use]
            pub fn typed(&self) -> [Vec<String>; FACTORS.len()] {
                [$(self.$list.iter().map(<$factor>::typed).collect()),*]
            }

            /// Checks every list by itself.
            fn check_lists(&self) -> Result<(), String> {
                $(check_list::<$factor>(&self.$list)?;)*
                Ok(())
            }

            /// How many values each list has.
            #[must_use]
            pub fn lengths(&self) -> [usize; FACTORS.len()] {
                [$(self.$list.len()),*]
            }

            /// Every combination that there is, the first factor varying slowest.
            #[must_use]
            pub fn combinations(&self) -> Vec<Combination> {
                let mut all = vec![Combination::default()];
                $(all = by(all, &self.$list, |c, value| c.$name = Some(value));)*
                all.retain(|asked| {
                    $crate::spec::factor::start_from::can_be(
                        None$(.or($crate::spec::factor::engine::asked(&asked.$name)))*,
                        None$(.or($crate::spec::factor::engine::asked(&asked.$name)))*,
                    )
                });
                all
            }

            /// What was asked for of the factors that an instance was started under, the
            /// rest left open.
            #[must_use]
            pub fn asked_of(&self, factors: &Factors) -> Combination {
                let is = factors.asked();
                Combination { $($name: is.$name.filter(|_| !self.$list.is_empty()),)* }
            }

            /// Where each value stands in its list; the last of all where it does not.
            #[must_use]
            pub fn place(&self, factors: &Factors) -> [usize; FACTORS.len()] {
                let is = factors.asked();
                let last = usize::MAX;
                [$(self.$list.iter().position(|v| Some(v) == is.$name.as_ref()).unwrap_or(last)),*]
            }

            /// Which factors a reader must know of to know what was measured, in their order.
            #[must_use]
            pub fn are_told(&self) -> [bool; FACTORS.len()] {
                [$(<$factor>::is_told(&self.$list)),*]
            }
        }
    };
}

pub(super) use factors;
