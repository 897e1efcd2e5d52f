//! A tenant's looks: its name, its logo and one colour. Never a style of its own.

use crate::link::{is_local, origin_of};

/// How the app or tenant looks. Everything in it is checked here, and what does not fit is left out.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    /// Name of the app or tenant. `Freehold` if empty.
    pub title: String,
    /// A path of this host, or an `https` URL.
    pub logo_url: Option<String>,
    /// `#rrggbb`. Text on it is black or white, and text in it is darkened or lightened until it can be read.
    pub accent: Option<String>,
}

/// The accent if there is no other.
const ACCENT: Colour = Colour(0x0b, 0x5c, 0xad);
/// The darkest surface of the light theme, and the lightest of the dark one: `pages.css` has them too.
const LIGHT: Colour = Colour(0xf5, 0xf6, 0xf8);
const DARK: Colour = Colour(0x1f, 0x26, 0x2d);
const BLACK: Colour = Colour(0, 0, 0);
const WHITE: Colour = Colour(0xff, 0xff, 0xff);
/// What WCAG 2.2 asks of text at level AA.
const CONTRAST_MIN: f64 = 4.5;

impl Theme {
    /// The name to show.
    pub(crate) fn name(&self) -> &str {
        match self.title.trim() {
            "" => "Freehold",
            title => title,
        }
    }

    /// The logo, and what allows it in a policy.
    pub(crate) fn logo(&self) -> Option<(&str, String)> {
        let url = self.logo_url.as_deref()?;
        if is_local(url) {
            return Some((url, "'self'".to_owned()));
        }
        let origin = origin_of(url).filter(|it| it.starts_with("https://"))?;
        Some((url, origin))
    }

    /// The theme's style: colours alone, each written by us.
    pub(crate) fn style(&self) -> String {
        let accent = self.accent.as_deref().and_then(Colour::parse).unwrap_or(ACCENT);
        let on = if accent.contrast(WHITE) >= accent.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        };
        let in_light = accent.readable(LIGHT, BLACK);
        let in_dark = accent.readable(DARK, WHITE);
        format!(
            ":root{{--accent:{};--on-accent:{};--accent-ink:{}}}@media(prefers-color-scheme:dark){{:root{{--accent-ink:{}}}}}",
            accent.hex(),
            on.hex(),
            in_light.hex(),
            in_dark.hex(),
        )
    }
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour(u8, u8, u8);

impl Colour {
    /// Reads `#rrggbb`, and nothing else.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio (WCAG 2.2), 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// `share` twentieths of `other` in this.
    fn mixed(self, other: Self, share: u32) -> Self {
        let mix = |a: u8, b: u8| ((u32::from(a) * (20 - share) + u32::from(b) * share) / 20) as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// This colour, moved towards `end` until it can be read on `surface`.
    fn readable(self, surface: Self, end: Self) -> Self {
        (0..20)
            .map(|share| self.mixed(end, share))
            .find(|it| it.contrast(surface) >= CONTRAST_MIN)
            .unwrap_or(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn theme(accent: &str) -> Theme {
        Theme {
            accent: Some(accent.to_owned()),
            ..Theme::default()
        }
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        assert_eq!(Colour::parse("#0B5cad"), Some(ACCENT));
        for text in [
            "",
            "#",
            "#fff",
            "0b5cad",
            "#0b5cag",
            "#0b5cad ",
            "#0b5cad;}",
            "red",
            "#0b5cadff",
            "#éé5c",
            "#+b5cad",
        ] {
            assert_eq!(Colour::parse(text), None, "{text:?}");
            assert_eq!(theme(text).style(), Theme::default().style());
        }
    }

    #[test]
    fn a_logo_is_ours_or_https() {
        let logo = |url: &str| {
            let theme = Theme {
                logo_url: Some(url.to_owned()),
                ..Theme::default()
            };
            theme.logo().map(|(_, source)| source)
        };
        assert_eq!(logo("/files/logo.svg").as_deref(), Some("'self'"));
        assert_eq!(
            logo("https://cdn.example/l.png").as_deref(),
            Some("https://cdn.example")
        );
        for url in [
            "http://localhost/l.png",
            "//evil.example/l.png",
            "data:image/png;base64,",
            "com.example.app:/l",
            "x",
        ] {
            assert_eq!(logo(url), None, "{url:?}");
        }
    }

    proptest! {
        #[test]
        fn every_accent_can_be_read(red: u8, green: u8, blue: u8) {
            let accent = Colour(red, green, blue);
            prop_assert!(accent.readable(LIGHT, BLACK).contrast(LIGHT) >= CONTRAST_MIN);
            prop_assert!(accent.readable(DARK, WHITE).contrast(DARK) >= CONTRAST_MIN);
            prop_assert!(accent.contrast(WHITE).max(accent.contrast(BLACK)) >= CONTRAST_MIN);
        }
    }
}
