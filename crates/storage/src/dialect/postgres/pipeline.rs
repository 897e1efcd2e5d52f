//! Several messages on one connection without waiting in between.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

/// Polls all futures together until each has ended; the answers stand in the order given.
///
/// A future of the driver sends its message when it is first polled, so messages leave in this order too.
// INVARIANT: each round polls in order. `join_all` promises no order for long lists, hence this.
pub(super) async fn in_order<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output> {
    let mut slots: Vec<(Option<F>, Option<F::Output>)> =
        futures.into_iter().map(|future| (Some(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (pending, answer) in &mut slots {
            let Some(future) = pending else { continue };
            match Pin::new(future).poll(context) {
                Poll::Ready(output) => {
                    *pending = None;
                    *answer = Some(output);
                }
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    slots.into_iter().filter_map(|(_, answer)| answer).collect()
}
