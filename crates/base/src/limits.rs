//! What one request may cost.

/// Bounds on one request. The app's `limits:` set them; these are the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of fields in an operation.
    pub depth_max: usize,
    /// Cost of an operation: its fields, and a tenth for each row it may return.
    pub cost_max: u64,
    /// Rows of one page; a larger `first` is refused.
    pub page_max: u32,
    /// Rows of a page when neither `first` nor `last` is given.
    pub page_default: u32,
    /// Root fields and aliases of one operation.
    pub aliases_max: usize,
    /// Directives on one field.
    pub directives_max: usize,
    /// Body of a request, in bytes.
    pub body_bytes_max: usize,
    /// Nesting of brackets in the text of a query or of its variables, checked before any parser sees it.
    pub nesting_max: usize,
    /// Lexical tokens of a query.
    pub tokens_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 12,
            cost_max: 5_000,
            page_max: 200,
            page_default: 30,
            aliases_max: 50,
            directives_max: 20,
            body_bytes_max: 1 << 20,
            nesting_max: 64,
            tokens_max: 20_000,
        }
    }
}
