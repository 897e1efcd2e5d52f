//! Cursors, as clients send them back.

use freehold_base::Value;
use freehold_planner::cursor::{KEY_BYTES, Sealer};

/// Junk does not open; what was sealed opens for its order alone, and not after it was touched.
/// The first byte says where to touch, the rest is both the cursor and, as JSON or text, the values to seal.
/// Whether a cursor came of it.
pub fn cursor(bytes: &[u8]) -> bool {
    let Some((&at, rest)) = bytes.split_first() else {
        return false;
    };
    let sealer = Sealer::new([7; KEY_BYTES]);
    let text = String::from_utf8_lossy(rest);
    assert_eq!(sealer.open(b"ticket+id", &text), None, "junk opens");
    let values: Vec<Value> = serde_json::from_slice(rest).unwrap_or_else(|_| {
        let number = rest
            .iter()
            .fold(i64::from(at), |sum, byte| sum.wrapping_mul(31) ^ i64::from(*byte));
        let float = f64::from_bits(number.cast_unsigned());
        let float = if float.is_finite() { float } else { 0.0 };
        vec![
            Value::Text(text.into_owned()),
            Value::DateTime(number),
            Value::Float(float),
            Value::Null,
        ]
    });
    let cursor = sealer.seal(b"ticket+id", &values);
    // A cursor that is too long to come back is no cursor: its order has a very long text.
    if cursor.len() > 4096 {
        assert_eq!(sealer.open(b"ticket+id", &cursor), None);
        return false;
    }
    assert_eq!(sealer.open(b"ticket+id", &cursor), Some(values));
    assert_eq!(sealer.open(b"ticket-id", &cursor), None, "it opens for another order");
    assert_eq!(
        Sealer::new([8; KEY_BYTES]).open(b"ticket+id", &cursor),
        None,
        "it opens with another key"
    );
    let mut touched = cursor.into_bytes();
    let at = usize::from(at) % touched.len();
    touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
    let touched = String::from_utf8_lossy(&touched);
    assert_eq!(
        sealer.open(b"ticket+id", &touched),
        None,
        "it opens after it was touched"
    );
    true
}
