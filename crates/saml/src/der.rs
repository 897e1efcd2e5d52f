//! As much of DER as finds the public key in a certificate (RFC 5280, section 4.1).

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OBJECT_ID: u8 = 0x06;
/// `[0]`, constructed: the version of a certificate.
pub(crate) const VERSION: u8 = 0xa0;

/// Reads values one after another.
pub(crate) struct Der<'a>(pub(crate) &'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next value, if it has this tag. Lengths above 64 KiB and of indefinite form are none.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        if found != tag {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => rest.split_first().map(|(&length, rest)| (usize::from(length), rest))?,
            0x82 => rest
                .split_first_chunk::<2>()
                .map(|(&length, rest)| (usize::from(u16::from_be_bytes(length)), rest))?,
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    /// The content of the next value, which must also be the last.
    pub(crate) fn read_last(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.read(tag).filter(|_| self.0.is_empty())
    }
}

/// The value of an unsigned INTEGER, without its leading zero.
pub(crate) fn unsigned(content: &[u8]) -> &[u8] {
    match content {
        [0, rest @ ..] => rest,
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_judged() {
        assert_eq!(Der(&[0x02, 0x01, 0x05]).read(INTEGER), Some(&[5][..]));
        assert_eq!(Der(&[0x02, 0x81, 0x01, 0x05]).read(INTEGER), Some(&[5][..]));
        assert_eq!(Der(&[0x02, 0x82, 0x00, 0x01, 0x05, 0x06]).read(INTEGER), Some(&[5][..]));
        assert_eq!(Der(&[0x02, 0x82, 0x00, 0x01, 0x05, 0x06]).read_last(INTEGER), None);
        for broken in [
            &[][..],
            &[0x02],
            &[0x02, 0x02, 0x05],
            &[0x02, 0x80, 0x05],
            &[0x02, 0x84, 0, 0, 0, 1, 5],
            &[0x30, 0],
        ] {
            assert_eq!(Der(broken).read(INTEGER), None, "{broken:?}");
        }
    }
}
