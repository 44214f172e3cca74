//! The states of a deploy and the moves between them: one table, and one way to make a move.

use context::{Context, Error, Result};
use model::DeployState;
use store::Tx;
use store::deploys::DeployRow;

/// From each state, where a deploy may go. What is not listed is refused.
pub const MOVES: [(DeployState, &[DeployState]); 11] = {
    use DeployState::{
        Building, Enqueued, Error, New, PendingReview, Prepared, Processing, Ready, Rejected, Uploaded,
        Uploading,
    };
    [
        (New, &[PendingReview, Enqueued, Prepared, Uploading, Uploaded, Error]),
        (PendingReview, &[Enqueued, Rejected, Error]),
        (Enqueued, &[Building, Error]),
        (Building, &[Prepared, Uploading, Uploaded, Error]),
        // a second digest takes the place of the first while nothing is ready
        (Prepared, &[Uploading, Uploaded, Error]),
        (Uploading, &[Prepared, Uploaded, Error]),
        (Uploaded, &[Processing, Error]),
        (Processing, &[Ready, Error]),
        (Ready, &[]),
        (Error, &[]),
        (Rejected, &[]),
    ]
};

/// Whether the table allows the move.
#[must_use]
pub fn may_move(from: DeployState, to: DeployState) -> bool {
    MOVES.iter().any(|(state, next)| *state == from && next.contains(&to))
}

/// Moves `deploy` and writes it back with whatever else changed in it.
///
/// # Errors
/// `Unprocessable` when the table does not allow the move, `Conflict` when another hand moved the
/// deploy since it was read.
pub(crate) async fn move_to(
    tx: &mut Tx,
    cx: &Context,
    deploy: &mut DeployRow,
    to: DeployState,
) -> Result<()> {
    let from = deploy.state;
    if !may_move(from, to) {
        return Err(Error::Unprocessable(format!("a deploy that is {from} cannot become {to}")));
    }
    deploy.state = to;
    write(tx, cx, deploy, from).await
}

/// Writes a deploy back without moving it.
pub(crate) async fn save(tx: &mut Tx, cx: &Context, deploy: &mut DeployRow) -> Result<()> {
    let state = deploy.state;
    write(tx, cx, deploy, state).await
}

async fn write(tx: &mut Tx, cx: &Context, deploy: &mut DeployRow, from: DeployState) -> Result<()> {
    deploy.updated_at = cx.now();
    if store::deploys::update(tx, deploy, from).await? {
        Ok(())
    } else {
        Err(Error::Conflict("the deploy changed meanwhile; read it again".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_state_once() {
        for state in DeployState::ALL {
            assert_eq!(MOVES.iter().filter(|(from, _)| *from == state).count(), 1, "{state}");
        }
    }

    #[test]
    fn final_states_are_final_and_all_others_can_fail() {
        for state in DeployState::ALL {
            for next in DeployState::ALL {
                assert!(!state.is_final() || !may_move(state, next), "{state} -> {next}");
            }
            assert_eq!(may_move(state, DeployState::Error), !state.is_final(), "{state}");
        }
    }

    #[test]
    fn every_state_can_be_reached_from_new() {
        let mut reached = vec![DeployState::New];
        let mut at = 0;
        while let Some(state) = reached.get(at).copied() {
            let next = MOVES.iter().filter(|(from, _)| *from == state).flat_map(|(_, to)| to.iter());
            let fresh: Vec<_> = next.copied().filter(|s| !reached.contains(s)).collect();
            reached.extend(fresh);
            at += 1;
        }
        assert_eq!(reached.len(), DeployState::ALL.len());
    }
}
