//! The one table of error codes.

/// An error's machine word, as it stands in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request cannot be read.
    BadRequest,
    /// The query is not GraphQL.
    GraphqlParseFailed,
    /// The query does not fit the caller's schema.
    GraphqlValidationFailed,
    /// A persisted query is not known.
    PersistedQueryNotFound,
    /// A value is wrong.
    BadUserInput,
    /// No credentials, or bad ones.
    Unauthenticated,
    /// The caller sees the row, but may not do this.
    Forbidden,
    /// Absent, or not to be known.
    NotFound,
    /// Unique key taken, or still referenced.
    Conflict,
    /// `ifVersion` did not match.
    StaleVersion,
    /// Size, depth, aliases or page.
    LimitExceeded,
    /// The operation costs too much.
    CostExceeded,
    /// Too many requests.
    RateLimited,
    /// The model does not compile.
    ModelInvalid,
    /// A change of tables would lose data.
    MigrationUnsafe,
    /// The bundle is damaged.
    BundleInvalid,
    /// A hook or action threw.
    FunctionFailed,
    /// Too slow.
    Timeout,
    /// Not there at the moment.
    Unavailable,
    /// Our bug.
    InternalServerError,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 20] = [
        Self::BadRequest,
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::PersistedQueryNotFound,
        Self::BadUserInput,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::StaleVersion,
        Self::LimitExceeded,
        Self::CostExceeded,
        Self::RateLimited,
        Self::ModelInvalid,
        Self::MigrationUnsafe,
        Self::BundleInvalid,
        Self::FunctionFailed,
        Self::Timeout,
        Self::Unavailable,
        Self::InternalServerError,
    ];

    /// The code of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The word clients see.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// HTTP status of a response in which nothing ran.
    pub fn http_status(self) -> u16 {
        self.row().1
    }

    /// Whether the message may be shown to the client; if not, it says only that something went wrong.
    pub fn message_is_public(self) -> bool {
        self != Self::InternalServerError
    }

    fn row(self) -> (&'static str, u16) {
        match self {
            Self::BadRequest => ("BAD_REQUEST", 400),
            Self::GraphqlParseFailed => ("GRAPHQL_PARSE_FAILED", 400),
            Self::GraphqlValidationFailed => ("GRAPHQL_VALIDATION_FAILED", 400),
            Self::PersistedQueryNotFound => ("PERSISTED_QUERY_NOT_FOUND", 400),
            Self::BadUserInput => ("BAD_USER_INPUT", 400),
            Self::Unauthenticated => ("UNAUTHENTICATED", 401),
            Self::Forbidden => ("FORBIDDEN", 403),
            Self::NotFound => ("NOT_FOUND", 404),
            Self::Conflict => ("CONFLICT", 409),
            Self::StaleVersion => ("STALE_VERSION", 409),
            Self::LimitExceeded => ("LIMIT_EXCEEDED", 413),
            Self::CostExceeded => ("COST_EXCEEDED", 400),
            Self::RateLimited => ("RATE_LIMITED", 429),
            Self::ModelInvalid => ("MODEL_INVALID", 422),
            Self::MigrationUnsafe => ("MIGRATION_UNSAFE", 422),
            Self::BundleInvalid => ("BUNDLE_INVALID", 422),
            Self::FunctionFailed => ("FUNCTION_FAILED", 422),
            Self::Timeout => ("TIMEOUT", 504),
            Self::Unavailable => ("UNAVAILABLE", 503),
            Self::InternalServerError => ("INTERNAL_SERVER_ERROR", 500),
        }
    }
}
