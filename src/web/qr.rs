//! QR codes, as the data of an SVG path: a page may have no inline style, and a path needs none.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode as Matrix};

use super::pages::account::QrCode;

/// Modules of quiet ground around the code (ISO/IEC 18004).
const QUIET: usize = 4;

/// The code of a text; nothing when it is too long for one.
pub fn code(text: &str) -> Option<QrCode> {
    let matrix = Matrix::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = matrix.width();
    let mut path = String::new();
    for (row, line) in matrix.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|c| **c == Color::Dark).count();
            if run > 0 {
                // Infallible: the target is a String.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    Some(QrCode { size: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_code_has_its_three_corners_and_quiet_around() {
        let code = code("otpauth://totp/x?secret=AAAA").unwrap();
        assert_eq!(code.size % 4, 1, "21, 25, 29 … modules and 8 of ground");
        let last = code.size - 4 - 7;
        for corner in
            ["M4 4h7v1h-7z".to_owned(), format!("M{last} 4h7v1h-7z"), format!("M4 {}h7v1h-7z", last + 6)]
        {
            assert!(code.path.contains(&corner), "{corner}");
        }
        assert!(super::code(&"x".repeat(5_000)).is_none());
    }
}
