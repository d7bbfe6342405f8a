//! Tests how the client of a request is found in the headers of proxies.

use super::*;
use hyper::header::{HeaderName, HeaderValue};

fn server(client_header: ClientHeader) -> Server {
    let trusted = ["10.0.0.0/8", "2001:db8:aaaa::/48", "127.0.0.1"];
    Server {
        trusted_proxies: trusted.map(|network| network.parse().unwrap()).to_vec(),
        client_header,
        ..Server::default()
    }
}

/// Returns the address of the client that the header lines of a request name, for a connection from
/// `peer`.
fn named(peer: &str, header: ClientHeader, lines: &[&[u8]]) -> Option<String> {
    let server = server(header);
    let name = match header {
        ClientHeader::XForwardedFor => "x-forwarded-for",
        ClientHeader::Forwarded => "forwarded",
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(line).unwrap());
    }
    let client = Client::at(peer.parse().unwrap(), &server).named(&headers, &server)?;
    assert!(!client.is_shared && !client.may_name);
    Some(client.address().to_owned())
}

#[track_caller]
fn check(header: ClientHeader, line: &str, expected: Option<&str>) {
    let found = named("10.0.0.1:9", header, &[line.as_bytes()]);
    assert_eq!(found.as_deref(), expected, "{line}");
}

#[test]
fn an_address_is_read_in_every_spelling() {
    for (written, address) in [
        ("192.0.2.43", "192.0.2.43:0"),
        ("192.0.2.43:47011", "192.0.2.43:47011"),
        ("192.0.2.43:_hidden", "192.0.2.43:0"),
        ("2001:db8::17", "[2001:db8::17]:0"),
        ("2001:DB8:0:0::17", "[2001:db8::17]:0"),
        ("[2001:db8::17]", "[2001:db8::17]:0"),
        ("[2001:db8::17]:4711", "[2001:db8::17]:4711"),
        ("::ffff:192.0.2.43", "192.0.2.43:0"),
        ("[::ffff:192.0.2.43]:80", "192.0.2.43:80"),
        ("  192.0.2.43\t", "192.0.2.43:0"),
    ] {
        check(ClientHeader::XForwardedFor, written, Some(address));
        check(ClientHeader::Forwarded, &format!("for=\"{written}\""), Some(address));
    }
    for written in [
        "unknown",
        "_hidden",
        "_",
        "",
        "host",
        "192.0.2",
        "192.0.2.043",
        "192.0.2.43:",
        "[::1",
        "192.0.2.43:65536",
        "192.0.2.43:+80",
        "[192.0.2.43]",
        "[::1]80",
        "::1]",
        "fe80::1%eth0",
        "192.0.2.43 192.0.2.44",
        "192.0.2.43;",
        "http://192.0.2.43",
    ] {
        check(ClientHeader::XForwardedFor, written, None);
        check(ClientHeader::Forwarded, &format!("for=\"{written}\""), None);
    }
    check(ClientHeader::XForwardedFor, "\"192.0.2.43\"", None);
}

#[test]
fn forwarded_is_read_as_rfc_7239_has_it() {
    for line in [
        "for=192.0.2.43",
        "FOR=\"192.0.2.43\"",
        "proto=http;by=203.0.113.43;for=192.0.2.43",
        "for=192.0.2.43;host=\"a,b;for=6.6.6.6\"",
        "for=192.0.2.43;host=\"a\\\", for=6.6.6.6\"",
        "for=192.0.2.43;host=\"a, for=6.6.6.6\\\"\"",
        "for=192.0.2.43;host=\"a\\\\\"",
        "for=192.0.2.43;;proto=http;",
        " for=192.0.2.43; proto=https ",
        "for=\"1\\92.0.2.43\"",
    ] {
        check(ClientHeader::Forwarded, line, Some("192.0.2.43:0"));
    }
    for line in [
        "for",
        "by=192.0.2.43",
        "for=192.0.2.43;for=192.0.2.44",
        "for=\"192.0.2.43\"x",
        "for=\"192.0.2.43\"x=1",
        "for=\"192.0.2.43",
        "for=192.0.2.43;host=\"a\\\"",
        "for =192.0.2.43",
        "192.0.2.43",
    ] {
        check(ClientHeader::Forwarded, line, None);
    }
}

#[test]
fn the_last_address_that_is_not_trusted_is_the_client() {
    let x = ClientHeader::XForwardedFor;
    check(x, "192.0.2.1, 192.0.2.2", Some("192.0.2.2:0"));
    check(x, "192.0.2.1, 10.1.1.1,2001:db8:aaaa::1 ,10.0.0.2:80", Some("192.0.2.1:0"));
    check(x, "192.0.2.1, [::ffff:10.0.0.2]:80", Some("192.0.2.1:0"));
    check(x, "192.0.2.1,, ,10.0.0.2,", Some("192.0.2.1:0"));
    check(x, "10.0.0.3, 10.0.0.2", None);
    check(x, "192.0.2.1, unknown, 10.0.0.2", None);
    check(x, "unknown, 192.0.2.1, 10.0.0.2", Some("192.0.2.1:0"));
    let f = ClientHeader::Forwarded;
    check(
        f,
        "for=192.0.2.1, for=\"[2001:db8:aaaa::1]:80\";by=_a, for=10.0.0.2",
        Some("192.0.2.1:0"),
    );
    check(f, "for=192.0.2.1, for=unknown, for=10.0.0.2", None);
    check(f, "for=192.0.2.1, proto=https", None);
    // Several lines form one list.
    let lines: [&[u8]; 3] = [b"192.0.2.1", b"192.0.2.2, 10.0.0.3", b"10.0.0.2"];
    assert_eq!(named("10.0.0.1:9", x, &lines).as_deref(), Some("192.0.2.2:0"));
    assert_eq!(named("10.0.0.1:9", x, &[]), None);
}

#[test]
fn a_client_cannot_forge_what_a_trusted_proxy_appends() {
    let garbage: [&[u8]; 8] =
        [b"6.6.6.6", b"10.0.0.5", b"unknown", b"\xff\xfe", b"\"", b"for=\"", b"for=\"x\\", b",,,"];
    for forged in garbage {
        for (header, appended) in [
            (ClientHeader::XForwardedFor, &b"192.0.2.1"[..]),
            (ClientHeader::Forwarded, b"for=192.0.2.1;host=\"a\""),
        ] {
            let line = [forged, b", ", appended].concat();
            let client = Some("192.0.2.1:0".to_owned());
            assert_eq!(named("10.0.0.1:9", header, &[&line]), client, "{forged:?}");
            assert_eq!(named("10.0.0.1:9", header, &[forged, appended]), client, "{forged:?}");
        }
    }
}

#[test]
fn only_a_trusted_peer_names_the_client_and_only_by_the_header_that_is_set() {
    for header in [ClientHeader::XForwardedFor, ClientHeader::Forwarded] {
        let line: &[u8] = match header {
            ClientHeader::XForwardedFor => b"192.0.2.1",
            ClientHeader::Forwarded => b"for=192.0.2.1",
        };
        for peer in ["10.0.0.1:9", "[::ffff:10.0.0.1]:9", "[2001:db8:aaaa::1]:9", "127.0.0.1:9"] {
            assert_eq!(named(peer, header, &[line]).as_deref(), Some("192.0.2.1:0"), "{peer}");
        }
        for peer in ["192.0.2.9:9", "[::ffff:192.0.2.9]:9", "[2001:db8::1]:9", "127.0.0.2:9"] {
            assert_eq!(named(peer, header, &[line]), None, "{peer}");
        }
    }
    let (server, mut headers) = (server(ClientHeader::XForwardedFor), HeaderMap::new());
    headers.insert("forwarded", HeaderValue::from_static("for=192.0.2.1"));
    let proxy = Client::at("10.0.0.1:9".parse().unwrap(), &server);
    assert_eq!(proxy.named(&headers, &server), None);
    headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.2"));
    assert_eq!(proxy.named(&headers, &server).unwrap().address(), "192.0.2.2:0");
    let unnamed = Client::unnamed_by("10.0.0.1:9".parse().unwrap());
    assert_eq!(unnamed.named(&headers, &server), None);
}

#[test]
fn no_more_than_some_hops_are_walked() {
    let x = ClientHeader::XForwardedFor;
    let hops = |count| format!("192.0.2.1{}", ", 10.0.0.2".repeat(count));
    check(x, &hops(MAX_HOPS - 1), Some("192.0.2.1:0"));
    check(x, &hops(MAX_HOPS), None);
    check(x, &format!("192.0.2.1{}", ",".repeat(MAX_HOPS)), None);
}

#[test]
fn a_client_has_a_share_and_a_proxy_has_none() {
    let server = server(ClientHeader::XForwardedFor);
    let key = |address: &str| Client::at(address.parse().unwrap(), &server).share_key();
    let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    assert_eq!(key("192.0.2.1:5"), ip("192.0.2.1"));
    assert_eq!(key("[::ffff:192.0.2.1]:5"), ip("192.0.2.1"));
    assert_eq!(key("[2001:db8::1:2:3:4]:5"), ip("2001:db8::"));
    assert_ne!(key("[2001:db8:0:1::1]:5"), ip("2001:db8::"));
    assert_eq!(key("10.0.0.1:5"), None);
    assert_eq!(Client::unnamed_by("192.0.2.1:5".parse().unwrap()).share_key(), None);
}
