//! Words every room says: ids, values, the caller, time, limits and error codes.
//!
//! This room knows nothing of models, SQL or HTTP; everything else imports it.

mod caller;
mod cipher;
mod clock;
mod code;
mod id;
mod limits;
mod lookup;
mod nearest;
mod value;

pub use caller::{Caller, CallerTenant, Person};
pub use cipher::{CellPlace, CipherError, ColumnCipher, FieldPlace};
pub use clock::{Clock, SystemClock, Timestamp};
pub use code::Code;
pub use id::{EntityTag, ROW_ID_BYTES, RowId};
pub use limits::Limits;
pub use lookup::{Expected, Lookup, Wanted};
pub use nearest::nearest;
pub use value::{Value, ValueType, parse_date, parse_datetime, parse_time, write_date, write_datetime, write_time};
