//! A logo that somebody uploaded: a small picture of a kind that cannot hold a script.
//!
//! What a file is follows from its own first bytes; its name and the type that a browser gave it are not looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::brand::short_hash;

/// The largest file, in bytes.
pub const MAX_LOGO: usize = 64 * 1024;
/// The least and the most pixels of each side.
const MIN_SIDE: u32 = 16;
const MAX_SIDE: u32 = 1024;
/// How much wider than high it may be.
const MAX_RATIO: u32 = 6;

/// The kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
}

impl MediaType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// Why a file cannot be the logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoFault {
    #[error("No file was chosen. Choose one, then upload it.")]
    Missing,
    #[error("The file is larger than 64 KiB. Make the picture smaller.")]
    TooLarge,
    #[error("The file is no PNG, JPEG or WebP picture. Choose one that is.")]
    Unknown,
    #[error(
        "The picture is {0} by {1} pixels; each side must have 16 to 1024, and one at most six times the other."
    )]
    Sides(u32, u32),
}

/// A picture that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub media_type: MediaType,
    pub bytes: Vec<u8>,
    width: u32,
    height: u32,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    media_type: MediaType,
    data: String,
}

impl Logo {
    /// Looks at an uploaded file.
    pub fn check(bytes: Vec<u8>) -> Result<Self, LogoFault> {
        if bytes.is_empty() {
            return Err(LogoFault::Missing);
        }
        if bytes.len() > MAX_LOGO {
            return Err(LogoFault::TooLarge);
        }
        let found = png(&bytes).or_else(|| jpeg(&bytes)).or_else(|| webp(&bytes));
        let (media_type, width, height) = found.ok_or(LogoFault::Unknown)?;
        let (small, large) = (width.min(height), width.max(height));
        if small < MIN_SIDE || large > MAX_SIDE || large > small * MAX_RATIO {
            return Err(LogoFault::Sides(width, height));
        }
        let hash = short_hash(&bytes);
        Ok(Self { media_type, bytes, width, height, hash })
    }

    /// Changes with the picture.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its width where it is this high, in pixels.
    pub fn width_at(&self, height: u32) -> u32 {
        (self.width * height / self.height).max(1)
    }

    /// Width and height, in pixels.
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// For the table.
    pub fn to_json(&self) -> String {
        let stored = Stored { media_type: self.media_type, data: STANDARD.encode(&self.bytes) };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// From the table; nothing for what [`Logo::to_json`] does not write.
    pub fn from_json(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let logo = Self::check(STANDARD.decode(stored.data).ok()?).ok()?;
        (logo.media_type == stored.media_type).then_some(logo)
    }
}

type Found = Option<(MediaType, u32, u32)>;

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at + length)?;
    Some(part.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

fn little(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at + length)?;
    Some(part.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// The signature and the chunk `IHDR`, which comes first (PNG §11.2.1).
fn png(bytes: &[u8]) -> Found {
    let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR");
    is_png.then(|| Some((MediaType::Png, number(bytes, 16, 4)?, number(bytes, 20, 4)?))).flatten()
}

/// The segments up to the one that says how large the picture is (ITU-T T.81 §B.2.2).
fn jpeg(bytes: &[u8]) -> Found {
    if !bytes.starts_with(b"\xff\xd8\xff") {
        return None;
    }
    let mut at = 2;
    loop {
        let marker = (number(bytes, at, 1)? == 0xff).then(|| number(bytes, at + 1, 1)).flatten()?;
        match marker {
            // Between a segment and the next there may be more of the same byte.
            0xff => at += 1,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((MediaType::Jpeg, number(bytes, at + 7, 2)?, number(bytes, at + 5, 2)?));
            }
            // The picture itself, or its end, without any size before.
            0xd8..=0xda => return None,
            _ => at += 2 + usize::try_from(number(bytes, at + 2, 2)?.max(2)).ok()?,
        }
    }
}

/// The first chunk of each of the three kinds (RFC 9649 §2.5 to §2.7).
fn webp(bytes: &[u8]) -> Found {
    if !bytes.starts_with(b"RIFF") || bytes.get(8..12)? != b"WEBP" {
        return None;
    }
    let (width, height) = match bytes.get(12..16)? {
        b"VP8 " if bytes.get(23..26)? == b"\x9d\x01\x2a" => {
            (little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff)
        }
        b"VP8L" if bytes.get(20)? == &0x2f => {
            let bits = little(bytes, 21, 4)?;
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        b"VP8X" => (little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1),
        _ => return None,
    };
    Some((MediaType::Webp, width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(head: &[u8]) -> Vec<u8> {
        [head, &[0; 40]].concat()
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        file(&bytes)
    }

    #[test]
    fn each_kind_is_known_by_its_own_bytes() {
        let size = |bytes: Vec<u8>| Logo::check(bytes).map(|logo| (logo.media_type, logo.size()));
        assert_eq!(size(png_of(64, 32)), Ok((MediaType::Png, (64, 32))));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\0\x20\0\x40";
        assert_eq!(size(file(jpeg)), Ok((MediaType::Jpeg, (64, 32))));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x40\0\x20\0";
        assert_eq!(size(file(lossy)), Ok((MediaType::Webp, (64, 32))));
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x3f\xc0\x07\0";
        assert_eq!(size(file(lossless)), Ok((MediaType::Webp, (64, 32))));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x3f\0\0\x1f\0\0";
        assert_eq!(size(file(extended)), Ok((MediaType::Webp, (64, 32))));
    }

    #[test]
    fn anything_else_is_refused() {
        let fault = |bytes: &[u8]| Logo::check(bytes.to_vec()).unwrap_err();
        assert_eq!(fault(b""), LogoFault::Missing);
        assert_eq!(fault(&vec![0; MAX_LOGO + 1]), LogoFault::TooLarge);
        for bytes in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..],
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xda\0\0",
            b"\xff\xd8\xff\xe0\0\0",
            b"RIFF\0\0\0\0WEBPVP8 ",
            b"RIFF\0\0\0\0WAVEfmt ",
        ] {
            assert_eq!(fault(bytes), LogoFault::Unknown, "{bytes:?}");
        }
        for (width, height) in [(15, 64), (64, 0), (1025, 1024), (u32::MAX, 64), (97, 16)] {
            assert_eq!(fault(&png_of(width, height)), LogoFault::Sides(width, height));
        }
    }

    #[test]
    fn a_logo_is_read_back_as_it_was_stored() {
        let logo = Logo::check(png_of(96, 32)).unwrap();
        assert_eq!(Logo::from_json(&logo.to_json()), Some(logo.clone()));
        assert_eq!(logo.width_at(32), 96);
        assert_eq!(Logo::from_json(&logo.to_json().replace("png", "webp")), None);
    }
}
