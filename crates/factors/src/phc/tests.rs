use super::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Instant;

const PASSWORD: &str = "violet-harbour-47";

/// Made by argon2-cffi, bcrypt, hashlib and passlib of Python, so by other code than ours.
const FOREIGN: [&str; 12] = [
    "$argon2id$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o",
    "$argon2i$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$SYeOm8JYnKjDQT8/0Ta1rrMqnHMjstxXURNMEQADblQ",
    "$argon2d$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$XBGAIAKQcxcUwESl6ucaYVtnYY6RfNzeWgLgMxVJekg",
    "$argon2i$v=16$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$bMhYHhwkGfNY10ajocorgqUJlQY2bEMY9fjlcN/8Vkw",
    "$argon2id$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$i9K+trX7cE0iYFrlCEmwGNx5nEhLaOBgJB4d2RQxSsw",
    "$2a$04$2uVYiOy.uBJ6pMiKaPCq0OOINsxMKN/IL4nPudkYo1J3eA7NyePNa",
    "$2b$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W",
    "$2y$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W",
    "$scrypt$ln=4,r=8,p=1$c2l4dGVlbiBieXRlcyBnbw$0xD3S0bTuaTQ9T40o0sHkMRQpqxW2KvK42VBFF0EKNg",
    "$pbkdf2-sha256$i=1000,l=32$c2l4dGVlbiBieXRlcyBnbw$6rKVtMmQMF8F/AI3J7hvxJ6brnt4Zc04yKPLPnmQQUM",
    "$pbkdf2-sha512$i=1000,l=64$c2l4dGVlbiBieXRlcyBnbw$u7Ah8ZQybteZ5GkCWAf6U84Fq/Cmh6RVrycH4VYo+aWL6fr960IGao9yuxaZ9Pj+6l59AguGaaoSlaL4fs4W2Q",
    "pbkdf2_sha256$1000$saltsalt$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=",
];

const CHEAP: [Recipe; 3] = [
    Recipe::Argon2id {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    },
    Recipe::Scrypt { log_n: 4, r: 8, p: 1 },
    Recipe::Bcrypt { cost: 4 },
];

#[test]
fn what_other_programs_wrote_is_read() {
    let passlib = [
        "$pbkdf2-sha256$1000$....IHNpeHRlZW4gYnl0ZQ$YoZnu4JsA3NxsPfhupLW5CUdICcRvVRAhv4Gi.4SHas",
        "$pbkdf2-sha512$1000$pVRqTenduzdGiDEGYKy1lg$f4liQ9EBIWHzCy/GSmjQATvKK/lCi5qwdP6HYGlob1tzT1ydX2pbHAeohEaj5N0WKFFPNPES3H87KHgSSL9pTQ",
    ];
    for stored in FOREIGN.iter().chain(&passlib) {
        assert_eq!(
            verify(PASSWORD, stored, Recipe::DEFAULT),
            Verdict::Right { outdated: true },
            "{stored}"
        );
        for password in ["violet-harbour-48", "Violet-harbour-47", "violet-harbour-47 ", "", " "] {
            assert_eq!(
                verify(password, stored, Recipe::DEFAULT),
                Verdict::Wrong,
                "{stored} {password}"
            );
        }
    }
}

#[test]
fn hashes_match_their_own_password_alone() {
    let mut rng = StdRng::seed_from_u64(1);
    for recipe in CHEAP {
        let stored = hash(recipe, PASSWORD, &mut rng).unwrap();
        assert_ne!(stored, hash(recipe, PASSWORD, &mut rng).unwrap());
        assert_eq!(
            verify(PASSWORD, &stored, recipe),
            Verdict::Right { outdated: false },
            "{stored}"
        );
        assert_eq!(verify("violet-harbour-48", &stored, recipe), Verdict::Wrong);
        for other in CHEAP.into_iter().filter(|other| *other != recipe) {
            assert_eq!(
                verify(PASSWORD, &stored, other),
                Verdict::Right { outdated: true },
                "{stored} {other:?}"
            );
        }
    }
}

#[test]
fn another_cost_is_outdated() {
    let argon2 = |memory_kib, passes, lanes| Recipe::Argon2id {
        memory_kib,
        passes,
        lanes,
    };
    for (recipe, others) in [
        (
            argon2(64, 1, 1),
            vec![argon2(128, 1, 1), argon2(64, 2, 1), argon2(64, 1, 2), argon2(32, 1, 1)],
        ),
        (
            Recipe::Scrypt { log_n: 4, r: 8, p: 1 },
            vec![
                Recipe::Scrypt { log_n: 5, r: 8, p: 1 },
                Recipe::Scrypt { log_n: 4, r: 9, p: 1 },
                Recipe::Scrypt { log_n: 4, r: 8, p: 2 },
            ],
        ),
        (Recipe::Bcrypt { cost: 4 }, vec![Recipe::Bcrypt { cost: 5 }]),
    ] {
        let stored = hash(recipe, PASSWORD, &mut StdRng::seed_from_u64(2)).unwrap();
        for other in others {
            assert_eq!(
                verify(PASSWORD, &stored, other),
                Verdict::Right { outdated: true },
                "{other:?}"
            );
        }
    }
    // The old version of Argon2, at the cost asked for; and i, which is not id.
    for stored in [FOREIGN[4], FOREIGN[1]] {
        assert_eq!(
            verify(PASSWORD, stored, argon2(64, 2, 2)),
            Verdict::Right { outdated: true }
        );
    }
    assert_eq!(
        verify(PASSWORD, FOREIGN[0], argon2(64, 2, 2)),
        Verdict::Right { outdated: false }
    );
}

#[test]
fn a_hash_that_costs_too_much_is_not_run() {
    let tail = "$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o";
    let bcrypt = "2uVYiOy.uBJ6pMiKaPCq0OOINsxMKN/IL4nPudkYo1J3eA7NyePNa";
    let begun = Instant::now();
    for stored in [
        format!("$argon2id$v=19$m=4194304,t=2,p=1{tail}"),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1{tail}"),
        format!("$argon2id$v=19$m=64,t=4294967295,p=1{tail}"),
        format!("$argon2id$v=19$m=262144,t=5,p=1{tail}"),
        format!("$argon2id$v=19$m=262144,t=1,p=16777215{tail}"),
        format!("$scrypt$ln=30,r=8,p=1{tail}"),
        format!("$scrypt$ln=63,r=8,p=1{tail}"),
        format!("$scrypt$ln=255,r=8,p=1{tail}"),
        format!("$scrypt$ln=300,r=8,p=1{tail}"),
        format!("$scrypt$ln=1,r=1048575,p=16{tail}"),
        format!("$scrypt$ln=4,r=65,p=1{tail}"),
        format!("$scrypt$ln=17,r=8,p=4294967295{tail}"),
        format!("$scrypt$ln=18,r=8,p=3{tail}"),
        format!("$pbkdf2-sha256$i=4294967295,l=32{tail}"),
        format!("$pbkdf2-sha256$4294967295{tail}"),
        "pbkdf2_sha256$999999999$saltsalt$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=".to_owned(),
        format!("$pbkdf2-sha512$i=3000001,l=32{tail}"),
        format!("$2b$15${bcrypt}"),
        format!("$2b$31${bcrypt}"),
    ] {
        assert_eq!(
            verify(PASSWORD, &stored, Recipe::DEFAULT),
            Verdict::Unreadable,
            "{stored}"
        );
    }
    assert!(begun.elapsed().as_secs() < 2, "something was run");
    for recipe in [
        Recipe::Argon2id {
            memory_kib: 4 << 20,
            passes: 1,
            lanes: 1,
        },
        Recipe::Argon2id {
            memory_kib: 1,
            passes: 1,
            lanes: 1,
        },
        Recipe::Argon2id {
            memory_kib: 64,
            passes: 0,
            lanes: 1,
        },
        Recipe::Scrypt { log_n: 25, r: 8, p: 1 },
        Recipe::Scrypt { log_n: 4, r: 0, p: 1 },
        Recipe::Bcrypt { cost: 3 },
        Recipe::Bcrypt { cost: 15 },
    ] {
        assert_eq!(
            hash(recipe, PASSWORD, &mut StdRng::seed_from_u64(3)),
            Err(FactorError::Cost),
            "{recipe:?}"
        );
    }
}

#[test]
fn what_is_recommended_is_within_bounds() {
    // OWASP's cheat sheet, RFC 9106's second choice, and what Django and PHP take by default. Parsed, not run.
    let tail = "$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o";
    for stored in [
        format!("$argon2id$v=19$m=47104,t=1,p=1{tail}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1{tail}"),
        format!("$argon2id$v=19$m=65536,t=3,p=4{tail}"),
        format!("$argon2id$v=19$m=65536,t=4,p=1{tail}"),
        format!("$argon2id$v=19$m=102400,t=2,p=8{tail}"),
        format!("$scrypt$ln=17,r=8,p=1{tail}"),
        format!("$scrypt$ln=13,r=8,p=10{tail}"),
        format!("$pbkdf2-sha256$i=600000,l=32{tail}"),
        format!("$pbkdf2-sha512$i=210000,l=32{tail}"),
        "pbkdf2_sha256$1500000$saltsalt$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=".to_owned(),
        "$2y$14$2uVYiOy.uBJ6pMiKaPCq0OOINsxMKN/IL4nPudkYo1J3eA7NyePNa".to_owned(),
    ] {
        assert!(Stored::parse(&stored).is_some(), "{stored}");
    }
}

#[test]
fn damaged_and_unknown_hashes_let_no_one_in() {
    for stored in [
        "",
        "$",
        "$$",
        "damaged",
        PASSWORD,
        "reset:2026-01-01",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "$2x$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W",
        "$2$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W",
        "$2b$+4$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W",
        "$2b$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3",
        "$2b$04$ctksvHP8up.rMWd25j/oEOSexP3e7hOjaUKCv4ARTRVF2T/qIOf3W\n",
        "$argon2id$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw",
        "$argon2id$v=18$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o",
        "$argon2id$v=19$m=64,t=2$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o",
        "$argon2id$v=19$m=64,t=2,p=2,data=AAAA$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQVxZVcXKSg/AuxRNKpDu/o",
        "$argon2id$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrGLPkV1snQ$x",
        // Ten bytes of hash are too few.
        "$argon2id$v=19$m=64,t=2,p=2$c2l4dGVlbiBieXRlcyBnbw$9bW7A/PAt4PhrA",
        "$scrypt$ln=4,r=8$c2l4dGVlbiBieXRlcyBnbw$0xD3S0bTuaTQ9T40o0sHkMRQpqxW2KvK42VBFF0EKNg",
        "$scrypt$v=1$ln=4,r=8,p=1$c2l4dGVlbiBieXRlcyBnbw$0xD3S0bTuaTQ9T40o0sHkMRQpqxW2KvK42VBFF0EKNg",
        "$pbkdf2-sha256$i=1000,l=31$c2l4dGVlbiBieXRlcyBnbw$6rKVtMmQMF8F/AI3J7hvxJ6brnt4Zc04yKPLPnmQQUM",
        "$pbkdf2-sha256$i=0,l=32$c2l4dGVlbiBieXRlcyBnbw$6rKVtMmQMF8F/AI3J7hvxJ6brnt4Zc04yKPLPnmQQUM",
        "pbkdf2_sha256$1000$$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=",
        "pbkdf2_sha256$1000$saltsalt$",
        "pbkdf2_sha256$+1000$saltsalt$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=",
        "pbkdf2_sha1$1000$saltsalt$Ln09UzQUOtNN0NDfMHpG2kbN94VH7xXZzx4yIY3GOb8=",
        "pbkdf2-sha256$i=1000,l=32$c2l4dGVlbiBieXRlcyBnbw$6rKVtMmQMF8F/AI3J7hvxJ6brnt4Zc04yKPLPnmQQUM",
    ] {
        assert_eq!(
            verify(PASSWORD, stored, Recipe::DEFAULT),
            Verdict::Unreadable,
            "{stored}"
        );
    }
    assert_eq!(
        verify(PASSWORD, &"$".repeat(1 << 20), Recipe::DEFAULT),
        Verdict::Unreadable
    );
}

#[test]
fn no_cut_of_a_hash_panics() {
    for stored in FOREIGN {
        for end in 0..stored.len() {
            assert!(
                !matches!(verify(PASSWORD, &stored[..end], Recipe::DEFAULT), Verdict::Right { .. }),
                "{stored} {end}"
            );
            let odd = format!("{}é{}", &stored[..end], &stored[end..]);
            assert!(
                !matches!(verify(PASSWORD, &odd, Recipe::DEFAULT), Verdict::Right { .. }),
                "{odd}"
            );
        }
    }
}

#[test]
fn bcrypt_takes_no_more_than_it_reads() {
    let mut rng = StdRng::seed_from_u64(4);
    let recipe = Recipe::Bcrypt { cost: 4 };
    // Made by Python's bcrypt, of 36 letters of two bytes.
    let stored = "$2b$04$n2v7xu14a9xyeWjShULzM.QXkcha9FSoz/B9UZsbJJcSweXnBO.FS";
    let whole = "é".repeat(36);
    assert_eq!(verify(&whole, stored, recipe), Verdict::Right { outdated: false });
    assert_eq!(verify(&format!("{whole}x"), stored, recipe), Verdict::Wrong);
    assert_eq!(
        hash(recipe, &format!("{whole}x"), &mut rng),
        Err(FactorError::NotForBcrypt)
    );
    assert_eq!(
        hash(recipe, "violet\0harbour", &mut rng),
        Err(FactorError::NotForBcrypt)
    );
    // What stands behind a NUL would not count.
    let stored = hash(recipe, "violet", &mut rng).unwrap();
    assert_eq!(verify("violet\0harbour", &stored, recipe), Verdict::Wrong);
    assert_eq!(verify("violet\0", &stored, recipe), Verdict::Wrong);
    // The others read all of it.
    for recipe in &CHEAP[..2] {
        for long in ["violet\0harbour".to_owned(), "é".repeat(500)] {
            let stored = hash(*recipe, &long, &mut rng).unwrap();
            assert_eq!(verify(&long, &stored, *recipe), Verdict::Right { outdated: false });
            assert_eq!(verify(&long[..6], &stored, *recipe), Verdict::Wrong);
        }
    }
}

#[test]
fn passwords_have_bounds() {
    let mut rng = StdRng::seed_from_u64(5);
    for recipe in CHEAP {
        for password in [String::new(), "x".repeat(PASSWORD_BYTES_MAX + 1)] {
            assert_eq!(hash(recipe, &password, &mut rng), Err(FactorError::PasswordLength));
        }
    }
    let long = "x".repeat(PASSWORD_BYTES_MAX);
    let stored = hash(CHEAP[0], &long, &mut rng).unwrap();
    assert_eq!(verify(&long, &stored, CHEAP[0]), Verdict::Right { outdated: false });
    assert_eq!(verify(&format!("{long}x"), &stored, CHEAP[0]), Verdict::Wrong);
}
