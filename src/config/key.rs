//! What is known about one setting, and the macro that turns a table of settings into a struct.
//!
//! Owns the shape of a row and the search for the nearest name. The rows themselves are in `settings.rs`;
//! the struct, the variable names, the parser, `config.example.toml` and `check-config` all come from them.
//!
//! A section may exist many times under names of the operator's choice: then `*` stands for the name in its rows'
//! paths and variables. `providers.*.issuer` is `providers.my-idp.issuer` and `GATEPOST_PROVIDERS__MY_IDP__ISSUER`.

use std::ops::RangeInclusive;

use super::settings::SECTIONS;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Section and name as written in `gatepost.toml`, e.g. `tokens.code_seconds`; no section at the top level.
    pub path: &'static str,
    /// The manual's text, one line of the source per element.
    pub doc: &'static [&'static str],
    /// What a value looks like.
    pub shape: Shape,
    /// What holds when nobody says anything.
    pub fallback: Fallback,
    /// Environment variables, the strongest first.
    pub env: &'static [&'static str],
}

/// What a value looks like in `gatepost.toml`.
#[derive(Debug)]
pub enum Shape {
    /// Quoted text.
    Text,
    /// Quoted text that is never shown again.
    Secret,
    /// An array of quoted texts; in a variable, the same with commas.
    List,
    /// `true` or `false`.
    Switch,
    /// A whole number within these bounds.
    Number(RangeInclusive<i64>),
}

/// What holds when nobody says anything.
#[derive(Debug)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// A value worked out from other settings; with nothing set at all it is this one.
    Computed(&'static str),
    /// The setting stays unset; a value would look like this. Empty for secrets: an example that works
    /// would be used.
    Unset(&'static str),
}

/// A struct's rows in the table, in the order of its fields.
#[derive(Debug)]
pub struct Section {
    /// The name between brackets in `gatepost.toml`; empty at the top level.
    pub name: &'static str,
    /// What the section is about.
    pub doc: &'static [&'static str],
    /// Its settings.
    pub keys: &'static [Key],
}

impl Section {
    /// The section's own part of its name: `providers` of `providers.*`.
    pub fn base(&self) -> &'static str {
        self.name.trim_end_matches(".*")
    }

    /// Whether there can be several of it, each under a name.
    pub fn is_named(&self) -> bool {
        self.name.ends_with('*')
    }
}

impl Key {
    /// The path in the section called `instance`; its own where there is only one section.
    pub fn path_of(&self, instance: &str) -> String {
        self.path.replace('*', instance)
    }

    /// The strongest variable in the section called `instance`.
    pub fn variable_of(&self, instance: &str) -> String {
        self.env.first().map_or_else(String::new, |name| name.replace('*', &in_variables(instance)))
    }

    /// The name inside its section.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The manual's text as one line.
    pub fn sentence(&self) -> String {
        one_line(self.doc)
    }
}

/// The lines of a doc comment as one line of text.
pub(super) fn one_line(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Every setting, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// The setting at this path of `gatepost.toml`.
pub(super) fn by_path(path: &str) -> Option<&'static Key> {
    all().find(|key| key.path == path || instance(key.path, path).is_some())
}

/// The setting that this environment variable sets.
pub fn by_env(name: &str) -> Option<&'static Key> {
    all()
        .find(|key| key.env.iter().any(|known| *known == name || instance_in_variable(known, name).is_some()))
}

/// What stands in `text` for the `*` of `pattern`.
pub(super) fn instance<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let (before, after) = pattern.split_once('*')?;
    text.strip_prefix(before)?.strip_suffix(after).filter(|name| !name.is_empty())
}

/// The section's name, as `gatepost.toml` writes it, that stands in a variable for the `*` of `pattern`.
pub(super) fn instance_in_variable(pattern: &str, variable: &str) -> Option<String> {
    let name = instance(pattern, variable)?;
    let upper = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    upper.then(|| name.to_ascii_lowercase().replace('_', "-"))
}

/// A section's name as variables write it.
fn in_variables(instance: &str) -> String {
    instance.replace('-', "_").to_ascii_uppercase()
}

/// Whether a section may be called so: the name becomes part of URLs and of variables.
pub(super) fn is_instance_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The known path that someone who wrote `unknown` most likely meant.
pub(super) fn nearest_path(unknown: &str) -> Option<String> {
    let wanted = unknown.to_ascii_lowercase();
    let wanted_name = wanted.rsplit('.').next().unwrap_or(&wanted);
    nearest(all().map(|key| {
        let path = key.path_of(called(key.path, &wanted, "."));
        let whole = strsim::normalized_damerau_levenshtein(&wanted, &path);
        // The right name in the wrong section is a likelier slip than two similar paths.
        let name = strsim::normalized_damerau_levenshtein(wanted_name, key.name()) * 0.95;
        (path, whole.max(name))
    }))
}

/// The known variable that someone who wrote `unknown` most likely meant.
pub(super) fn nearest_env(unknown: &str) -> Option<String> {
    // Without the common prefix, which would make every name look similar, and with either underscore.
    let bare = |name: &str| name.trim_start_matches("GATEPOST_").replace("__", "_");
    let wanted = bare(unknown);
    nearest(all().flat_map(|key| key.env).map(|pattern| {
        let name = pattern.replace('*', &in_variables(called(pattern, unknown, "__")));
        let score = strsim::normalized_damerau_levenshtein(&wanted, &bare(&name));
        (name, score)
    }))
}

/// What somebody who wrote `unknown` called the section of `pattern`, as far as that can be told.
fn called<'u>(pattern: &str, unknown: &'u str, separator: &str) -> &'u str {
    let rest = pattern.split_once('*').and_then(|(before, _)| unknown.strip_prefix(before));
    rest.and_then(|rest| rest.rsplit_once(separator)).map_or("name", |(name, _)| name)
}

/// The known word that someone who wrote `unknown` most likely meant.
pub(super) fn nearest_word(unknown: &str, known: &[&'static str]) -> Option<&'static str> {
    let wanted = unknown.to_ascii_lowercase();
    nearest(known.iter().map(|&word| (word, strsim::normalized_damerau_levenshtein(&wanted, word))))
}

/// The best-scored name, unless even that one is a stranger. The first of equals wins.
fn nearest<T>(scored: impl Iterator<Item = (T, f64)>) -> Option<T> {
    const STRANGER: f64 = 0.55;
    let mut best = None;
    let mut best_score = STRANGER;
    for (name, score) in scored {
        if score > best_score {
            (best, best_score) = (Some(name), score);
        }
    }
    best
}

/// Declares a section: a struct with one field per row, its rows as [`Key`]s, and `read`, which parses
/// every row and reports every fault instead of stopping at the first.
///
/// A row reads `/// manual` then `name: Type = Shape, Fallback, [VARIABLE, …];`.
macro_rules! section {
    ($(#[doc = $about:literal])+ $struct:ident $name:literal $prefix:literal {
        $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $shape:expr, $fallback:expr,
           [$first:literal $(, $other:literal)*]; )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $struct {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\n`", $prefix, stringify!($field), "`, `", $first, "`", $(", `", $other, "`",)* ".")]
                pub $field: $type,
            )+
        }

        impl $struct {
            pub(super) const SECTION: Section = Section {
                name: $name,
                doc: &[$($about),+],
                keys: &[$(Key {
                    path: concat!($prefix, stringify!($field)),
                    doc: &[$($doc),+],
                    shape: $shape,
                    fallback: $fallback,
                    env: &[$first $(, $other)*],
                }),+],
            };

            pub(super) fn read(values: &mut Values) -> Option<Self> {
                $( let $field = values.take::<$type>(concat!($prefix, stringify!($field))); )+
                Some(Self { $( $field: $field?, )+ })
            }
        }
    };
}
pub(super) use section;
