#![no_main]

#[path = "../src/image.rs"]
mod image;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    image::image(bytes);
});
