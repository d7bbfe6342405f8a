use super::*;
use hostel_cache::MemoryBudget;

const MIB: usize = 1 << 20;

const SOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
const OTHER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));

/// Creates pools of 16 MiB for large messages and 4 MiB for small ones.
fn messages() -> Arc<Messages> {
    Messages::new(16 * MIB, &MemoryBudget::new(100 * MIB).part(100 * MIB))
}

/// Creates charges of `bytes` each, until there is no room.
fn fill(messages: &Arc<Messages>, client: Option<IpAddr>, bytes: usize) -> Vec<MessageCharge<'_>> {
    let charge = |_| {
        let mut charge = messages.charge(client);
        charge.hold(bytes, bytes).ok().map(|()| charge)
    };
    (0..1_000).map_while(charge).collect()
}

#[track_caller]
fn check_is_empty(messages: &Messages) {
    let taken = messages.taken.lock().unwrap();
    assert_eq!((taken.all, taken.by_client.len()), (Sizes::default(), 0));
    assert_eq!((messages.part.taken(), messages.part.budget().taken()), (0, 0));
}

#[track_caller]
fn check_refuses(charge: &mut MessageCharge, bytes: usize, bound: MessageBound, setting: &str) {
    let no_room = charge.hold(bytes, bytes).unwrap_err();
    assert_eq!((no_room.bound, no_room.setting), (bound, setting));
}

#[test]
fn a_client_has_a_quarter_and_the_others_the_rest() {
    let messages = messages();
    let first = fill(&messages, SOME, MIB);
    assert_eq!(first.len(), 4);
    check_refuses(&mut messages.charge(SOME), MIB, MessageBound::Client, "server.bodies");
    let second = fill(&messages, OTHER, MIB);
    assert_eq!(second.len(), 4);
    let unknown = fill(&messages, None, MIB);
    assert_eq!(unknown.len(), 8, "a client that is unknown has no share");
    check_refuses(&mut messages.charge(None), MIB, MessageBound::All, "server.bodies");
    assert_eq!(messages.part.taken(), 16 * MIB);
    drop((first, second, unknown));
    check_is_empty(&messages);
}

#[test]
fn small_messages_have_a_pool_of_their_own() {
    let messages = messages();
    let large = fill(&messages, None, MIB);
    let first = fill(&messages, SOME, MAX_SMALL_BYTES);
    assert_eq!(first.len(), 16, "a quarter of the small pool");
    let mut charge = messages.charge(SOME);
    check_refuses(&mut charge, MAX_FREE_BYTES + 1, MessageBound::Client, "server.bodies");
    charge.hold(MAX_FREE_BYTES, MAX_FREE_BYTES).unwrap();
    assert_eq!(fill(&messages, OTHER, MAX_SMALL_BYTES).len(), 16);
    assert_eq!(fill(&messages, None, MAX_SMALL_BYTES).len(), 48, "what the first leaves");
    drop(large);
    assert_eq!(fill(&messages, SOME, MIB).len(), 4, "small ones take nothing of the large pool");
    drop(first);
    check_is_empty(&messages);
}

#[test]
fn a_message_that_grows_moves_to_the_large_pool() {
    let messages = messages();
    let mut charge = messages.charge(SOME);
    let sizes = |messages: &Messages| messages.taken.lock().unwrap().by_client[&SOME.unwrap()];
    charge.hold(MAX_SMALL_BYTES, 0).unwrap();
    assert_eq!(sizes(&messages), Sizes { small: MAX_SMALL_BYTES, large: 0 });
    charge.hold(MAX_SMALL_BYTES + 1, 0).unwrap();
    assert_eq!(sizes(&messages), Sizes { small: 0, large: MAX_SMALL_BYTES + 1 });
    charge.hold(1_000, MIB).unwrap();
    assert_eq!(sizes(&messages), Sizes { small: 0, large: 1_000 }, "large from the beginning");
    check_refuses(&mut charge, 4 * MIB + 1, MessageBound::Client, "server.bodies");
    assert_eq!(sizes(&messages), Sizes { small: 0, large: 1_000 }, "an error changes nothing");
    charge.hold(4 * MIB, 0).unwrap();
    assert_eq!(messages.part.taken(), 4 * MIB);
    charge.hold(0, MIB).unwrap();
    check_is_empty(&messages);
}

#[test]
fn both_pools_fit_into_the_part_and_a_part_that_others_use_refuses() {
    let part = MemoryBudget::new(100 * MIB).part(10 * MIB);
    let messages = Messages::new(16 * MIB, &part);
    assert_eq!(messages.most, Sizes { small: 2 * MIB, large: 8 * MIB });
    check_refuses(&mut messages.charge(None), 9 * MIB, MessageBound::All, "server.memory");
    assert!(part.take(9 * MIB));
    check_refuses(&mut messages.charge(None), 2 * MIB, MessageBound::All, "server.memory");
    assert_eq!(part.taken(), 9 * MIB);
    part.give_back(9 * MIB);
    check_is_empty(&messages);
}

#[test]
fn a_response_holds_its_bytes_until_it_is_dropped() {
    let messages = messages();
    let mut charge = messages.charge(SOME);
    charge.hold(MIB, MIB).unwrap();
    let response = charge.into_response();
    assert_eq!(messages.part.taken(), MIB);
    drop(response);
    check_is_empty(&messages);
    let mut charge = messages.charge(SOME);
    charge.hold(MAX_FREE_BYTES, MAX_FREE_BYTES).unwrap();
    assert!(charge.into_response().is_none());
}
