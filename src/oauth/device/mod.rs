pub mod user_code;
