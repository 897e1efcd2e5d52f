#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    freehold_fuzz::formula(bytes);
});
