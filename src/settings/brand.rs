//! The look of the pages: name, colours and logo, and the style sheet that follows from them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::colour::{Colour, DARK_GROUND, LIGHT_GROUND, MIN_CONTRAST};
use super::logo::Logo;

/// The name where nobody chose another.
pub const DEFAULT_NAME: &str = "Gatepost";
/// The longest name, in characters.
pub const MAX_NAME: usize = 60;

/// The colours of links and buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accents {
    pub light: Colour,
    /// On dark pages; where nobody chose one, the light one made lighter.
    pub dark: Option<Colour>,
}

impl Accents {
    /// Why a colour cannot be the accent of light pages, as a sentence.
    pub fn light_problem(colour: Colour) -> Option<String> {
        too_faint(colour, LIGHT_GROUND, "light", "darker")
    }

    /// The same for dark pages.
    pub fn dark_problem(colour: Colour) -> Option<String> {
        too_faint(colour, DARK_GROUND, "dark", "lighter")
    }

    /// The one on dark pages.
    pub fn on_dark(self) -> Colour {
        self.dark.unwrap_or_else(|| self.light.lightened())
    }

    /// Changes with the style sheet.
    pub fn version(self) -> String {
        short_hash(self.style().as_bytes())
    }

    /// The style sheet that puts them in place of those in `static/app.css`.
    pub fn style(self) -> String {
        let rule = |accent: Colour, deep: Colour, on: Colour| {
            format!(":root {{ --accent: {accent}; --accent-deep: {deep}; --on-accent: {on}; }}")
        };
        let dark = self.on_dark();
        format!(
            "{}\n@media (prefers-color-scheme: dark) {{ {} }}\n",
            rule(self.light, self.light.mixed(Colour::BLACK, 25), Colour::WHITE),
            rule(dark, dark.mixed(Colour::WHITE, 30), Colour::of(0x0d, 0x0f, 0x0c)),
        )
    }
}

fn too_faint(colour: Colour, ground: Colour, pages: &str, better: &str) -> Option<String> {
    let contrast = colour.contrast(ground);
    (contrast < MIN_CONTRAST).then(|| {
        format!(
            "{colour} cannot be read on {pages} pages: its contrast is {contrast:.1} to 1, and {MIN_CONTRAST} is \
             needed. Choose a {better} one."
        )
    })
}

/// What an administrator chose: the row `branding`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    /// Nothing: [`DEFAULT_NAME`].
    pub name: Option<String>,
    /// Nothing: the colours of the style sheet.
    pub accents: Option<Accents>,
}

/// What a form says, each field with what is wrong with it.
pub type Problems = Vec<(&'static str, String)>;

#[derive(Serialize, Deserialize)]
struct Stored {
    name: Option<String>,
    accent: Option<String>,
    accent_dark: Option<String>,
}

impl Branding {
    /// Reads the fields `name`, `accent` and `accent_dark`, each empty for what Gatepost brings along.
    ///
    /// # Errors
    /// Each field that cannot be taken, with a sentence.
    pub fn parse(name: &str, accent: &str, accent_dark: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let name = name.trim();
        if name.chars().count() > MAX_NAME {
            problems.push((
                "name",
                format!("The name is longer than {MAX_NAME} characters. Choose a shorter one."),
            ));
        }
        if name.chars().any(char::is_control) {
            problems
                .push(("name", "The name holds a character that cannot be shown. Type it again.".to_owned()));
        }
        let mut colour = |field: &'static str, text: &str, problem: fn(Colour) -> Option<String>| {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            let Some(colour) = Colour::parse(text) else {
                let sentence = "This is not a colour. Write # and six hexadecimal digits, e.g. #1d6b57.";
                problems.push((field, sentence.to_owned()));
                return None;
            };
            if let Some(sentence) = problem(colour) {
                problems.push((field, sentence));
            }
            Some(colour)
        };
        let light = colour("accent", accent, Accents::light_problem);
        let dark = colour("accent_dark", accent_dark, Accents::dark_problem);
        if dark.is_some() && accent.trim().is_empty() {
            let sentence = "A colour for dark pages goes with one for light pages. Choose that as well.";
            problems.push(("accent", sentence.to_owned()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { name, accents: light.map(|light| Accents { light, dark }) })
    }

    /// For the table.
    pub fn to_json(&self) -> String {
        let stored = Stored {
            name: self.name.clone(),
            accent: self.accents.map(|a| a.light.to_string()),
            accent_dark: self.accents.and_then(|a| a.dark).map(|c| c.to_string()),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// From the table; nothing for what [`Branding::to_json`] does not write.
    pub fn from_json(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let field = |text: Option<String>| text.unwrap_or_default();
        Self::parse(&field(stored.name), &field(stored.accent), &field(stored.accent_dark)).ok()
    }
}

/// The brand that pages wear.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    pub branding: Branding,
    pub logo: Option<Logo>,
    /// The address of the style sheet; nothing where the colours are those of `static/app.css`.
    style_url: Option<String>,
}

impl Brand {
    /// A brand in force.
    pub fn new(branding: Branding, logo: Option<Logo>) -> Self {
        let style_url = branding.accents.map(|a| format!("/branding/style.css?v={}", a.version()));
        Self { branding, logo, style_url }
    }

    /// A brand that somebody tries on: its style sheet is made from the address alone.
    pub fn proposed(branding: Branding, logo: Option<Logo>) -> Self {
        let bare = |colour: Colour| colour.to_string().trim_start_matches('#').to_owned();
        let style_url = branding.accents.map(|accents| {
            let dark = accents.dark.map(bare).unwrap_or_default();
            format!("/branding/preview.css?accent={}&dark={dark}", bare(accents.light))
        });
        Self { branding, logo, style_url }
    }

    /// What the server is called.
    pub fn name(&self) -> &str {
        self.branding.name.as_deref().unwrap_or(DEFAULT_NAME)
    }

    pub fn style_url(&self) -> Option<&str> {
        self.style_url.as_deref()
    }

    /// The address of the picture beside the name.
    pub fn logo_url(&self) -> String {
        self.logo
            .as_ref()
            .map_or_else(|| "/static/logo.svg".to_owned(), |l| format!("/branding/logo?v={}", l.hash()))
    }

    /// How wide the picture is where it is 32 pixels high.
    pub fn logo_width(&self) -> u32 {
        self.logo.as_ref().map_or(32, |logo| logo.width_at(32))
    }
}

/// Enough of a hash to tell one version of a file from the next.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, accent: &str, dark: &str) -> Vec<&'static str> {
        Branding::parse(name, accent, dark).unwrap_err().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn what_cannot_be_read_or_shown_is_refused() {
        assert_eq!(fields(&"x".repeat(61), "", ""), ["name"]);
        assert_eq!(fields("a\nb", "red", ""), ["name", "accent"]);
        assert_eq!(fields("", "#7ecdb3", ""), ["accent"], "too light");
        assert_eq!(fields("", "#1d6b57", "#1d6b57"), ["accent_dark"], "too dark");
        assert_eq!(fields("", "", "#7ecdb3"), ["accent"], "one without the other");
        let (_, sentence) = Branding::parse("", "#7ecdb3", "").unwrap_err().remove(0);
        assert!(sentence.contains("1.6 to 1, and 4.5 is needed. Choose a darker one."), "{sentence}");
    }

    #[test]
    fn the_style_sheet_holds_colours_only() {
        let brand = Branding::parse("</style>", "#1D6B57", "").unwrap();
        insta::assert_snapshot!(brand.accents.unwrap().style(), @"
        :root { --accent: #1d6b57; --accent-deep: #155041; --on-accent: #ffffff; }
        @media (prefers-color-scheme: dark) { :root { --accent: #8eb5ab; --accent-deep: #afcbc4; --on-accent: #0d0f0c; } }
        ");
        assert_eq!(brand.name.as_deref(), Some("</style>"), "names are escaped where they are shown");
    }

    #[test]
    fn a_proposed_brand_needs_nothing_stored() {
        let url = |dark| {
            let branding = Branding::parse("", "#1d6b57", dark).unwrap();
            Brand::proposed(branding, None).style_url().unwrap().to_owned()
        };
        assert_eq!(url(""), "/branding/preview.css?accent=1d6b57&dark=");
        assert_eq!(url("#7ecdb3"), "/branding/preview.css?accent=1d6b57&dark=7ecdb3");
    }
}
