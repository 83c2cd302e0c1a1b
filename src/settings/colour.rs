//! Colours as pages use them, and whether text in one can be read on another.
//! Law: [WCAG 2.2 §1.4.3](https://www.w3.org/TR/WCAG22/#contrast-minimum)

use std::fmt;

/// An opaque colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The darkest ground of light pages: `--sunken` in `static/app.css`.
pub const LIGHT_GROUND: Colour = Colour::of(0xf0, 0xee, 0xe8);
/// The lightest ground of dark pages: `--surface` in `static/app.css`.
pub const DARK_GROUND: Colour = Colour::of(0x1f, 0x22, 0x1e);
/// The least contrast of text with what is behind it.
pub const MIN_CONTRAST: f64 = 4.5;

impl Colour {
    pub const WHITE: Self = Self::of(255, 255, 255);
    pub const BLACK: Self = Self::of(0, 0, 0);

    pub const fn of(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#1d6b57`, in either case, with or without the sign.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let is_hex = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        is_hex.then(|| Some(Self::of(part(0)?, part(2)?, part(4)?))).flatten()
    }

    /// How light it is, from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// The contrast of two colours, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > two { one / two } else { two / one }
    }

    /// This colour with `percent` of another in it.
    #[must_use]
    pub fn mixed(self, other: Self, percent: u16) -> Self {
        let part = |own: u8, other: u8| {
            let sum = u16::from(own) * (100 - percent) + u16::from(other) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self::of(part(self.red, other.red), part(self.green, other.green), part(self.blue, other.blue))
    }

    /// The same hue, light enough to be read well on a dark page.
    #[must_use]
    pub fn lightened(self) -> Self {
        const COMFORTABLE: f64 = 7.0;
        let steps = (0..=100).step_by(5).map(|percent| self.mixed(Self::WHITE, percent));
        let mut readable = steps.filter(|colour| colour.contrast(DARK_GROUND) >= COMFORTABLE);
        readable.next().unwrap_or(Self::WHITE)
    }
}

impl fmt::Display for Colour {
    /// As style sheets write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hexadecimal_digits_and_nothing_else() {
        for text in ["#1d6b57", "1D6B57"] {
            assert_eq!(Colour::parse(text).unwrap().to_string(), "#1d6b57");
        }
        for text in ["", "#fff", "#1d6b5", "#1d6b5g", "red", "#+1+2+3", "#1d6b57;}", "#１d6b5"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let between = |a: &str, b: Colour| (Colour::parse(a).unwrap().contrast(b) * 100.0).round() / 100.0;
        assert!((between("#000000", Colour::WHITE) - 21.0).abs() < 0.01);
        assert!((between("#767676", Colour::WHITE) - 4.54).abs() < 0.01);
        assert!((between("#ff0000", Colour::WHITE) - 4.0).abs() < 0.01);
    }

    #[test]
    fn every_hue_becomes_readable_on_a_dark_page() {
        for text in ["#000000", "#0000ff", "#7f2214", "#1d6b57", "#ffffff"] {
            let light = Colour::parse(text).unwrap().lightened();
            assert!(light.contrast(DARK_GROUND) >= MIN_CONTRAST, "{text} became {light}");
        }
    }

    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        let sheet = include_str!("../../static/app.css");
        assert!(sheet.contains(&format!("--sunken: {LIGHT_GROUND};")));
        assert!(sheet.contains(&format!("--surface: {DARK_GROUND};")));
    }
}
