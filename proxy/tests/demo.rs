//! The story that `blackbar demo` tells is true on this machine.

mod common;

use common::Room;

#[test]
fn every_step_of_the_demo_shows_what_it_should() {
    let room = Room::new();
    let answer = room.run(&["demo", "--script"]);
    let story = answer.text();
    assert!(!story.contains('✗'), "{story}");
    let mut steps = 14;
    if story.contains("this machine has no PostgreSQL") {
        common::skipped("the part in SQL, because this machine has no PostgreSQL server");
        steps = 10;
    }
    assert_eq!(story.matches('✓').count(), steps, "{story}");
    // What is printed can be typed: it names what there is.
    let commands: Vec<&str> = story.lines().filter(|line| line.starts_with("  $ ")).collect();
    assert!(commands.len() > steps, "{story}");
    for command in commands {
        assert!(!command.contains(['…', '{']) || command.contains("{\"stream\""), "{command}");
    }
    answer.ends(0);
}

#[test]
fn without_a_demo_there_is_no_environment_to_print() {
    let room = Room::new();
    let mut command = room.command(&["demo", "env"]);
    let output = command.env("TMPDIR", room.folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().contains("BB-DEMO-001"));
}
