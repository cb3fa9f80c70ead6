use super::super::super::awaited::Fate;
use super::*;

#[test]
fn a_plan_waits_for_the_truth_and_is_a_plan_like_any_other_then() {
    let mut desk = desk();
    desk.entries(6);
    desk.plan();
    assert!(desk.traded().is_empty());
    let after = desk.case.after[0].clone();
    desk.truth(&after, 6);
    assert_eq!(desk.traded(), [Seen::Executed]);
}

#[test]
fn a_plan_goes_with_its_prediction() {
    let other = named("amm v4, swap_base_out_v2").after.swap_remove(0);
    for (way, ends) in ["differed", "expired", "superseded"].into_iter().zip(0..) {
        let mut desk = desk();
        desk.entries(6);
        desk.plan();
        match ends {
            0 => desk.truth(&other, 6),
            1 => desk.stage.take(Work::Settled(6)),
            _ => desk.entries(6),
        }
        assert!(desk.traded().is_empty(), "{way}");
        assert_eq!(desk.counted(|it| &it.invalidated), 1, "{way}");
    }
}

#[test]
fn a_plan_that_is_sent_at_once_says_upon_what_it_stands() {
    let mut desk = Desk::of(named("amm v4, swap_base_in_v2"), "send");
    desk.entries(6);
    desk.plan();
    assert_eq!(desk.traded(), [Seen::Predicted(6)]);
}

/// What became of the plans that the gate may hold, in words.
fn fates(desk: &Desk) -> Vec<&'static str> {
    let next = || desk.shared.shreds.awaited.pop();
    let word = |fate| match fate {
        Fate::CameTrue(plan) => {
            assert_eq!((plan.0.id.as_str(), plan.0.seen), ("one", Seen::Executed));
            "came true"
        }
        Fate::CameToNothing {
            opportunity_id,
            reason,
        } => {
            assert_eq!(opportunity_id, "one");
            reason
        }
    };
    std::iter::from_fn(next).map(word).collect()
}

#[test]
fn a_plan_that_is_held_is_handed_on_at_once_and_its_fate_is_told_once() {
    let other = named("amm v4, swap_base_out_v2").after.swap_remove(0);
    for fate in [
        "came true",
        "differed",
        "expired",
        "superseded",
        "forgotten",
    ] {
        let mut desk = Desk::of(named("amm v4, swap_base_in_v2"), "presign");
        let after = desk.case.after[0].clone();
        desk.entries(6);
        desk.plan();
        assert_eq!(desk.traded(), [Seen::Awaited(0)]);
        assert!(desk.shared.shreds.awaited.is_open("one"));
        assert!(fates(&desk).is_empty());
        match fate {
            "came true" => desk.truth(&after, 6),
            "differed" => desk.truth(&other, 6),
            "expired" => desk.stage.take(Work::Settled(6)),
            "superseded" => desk.entries(6),
            _ => desk.stage.take(Work::Anew),
        }
        assert!(!desk.shared.shreds.awaited.is_open("one"));
        assert_eq!(fates(&desk), [fate]);
        desk.stage.take(Work::Anew);
        assert!(fates(&desk).is_empty(), "{fate}");
        assert!(desk.traded().is_empty(), "{fate}");
    }
}

#[test]
fn a_plan_that_is_found_twice_is_held_once_more_and_not_less() {
    let mut desk = Desk::of(named("amm v4, swap_base_in_v2"), "presign");
    desk.entries(6);
    desk.plan();
    desk.plan();
    assert_eq!(fates(&desk), ["superseded"]);
    assert!(desk.shared.shreds.awaited.is_open("one"));
}

#[test]
fn a_plan_whose_prediction_is_gone_is_left_to_the_executors_last_look() {
    let mut desk = desk();
    desk.entries(6);
    let after = desk.case.after[0].clone();
    desk.truth(&after, 6);
    desk.plan();
    assert_eq!(desk.traded(), [Seen::Executed]);
}
