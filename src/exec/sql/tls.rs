//! Encryption of a connection to a database, as far as its `sslmode` trusts the other side.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connect::Stream;
use super::refusal::Trouble;
use crate::engine::Database;
use crate::runbook::SslMode;

/// Says how far a certificate is looked at.
#[derive(Debug)]
enum Trust {
    /// Whoever answers is believed.
    Anybody,
    /// Somebody trusted has signed it.
    Signed(Arc<WebPkiServerVerifier>),
    /// And it is for this host.
    SignedFor(Arc<WebPkiServerVerifier>),
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

/// Does the handshake.
pub(super) async fn wrap(stream: Stream, database: &Database) -> Result<TlsStream<Stream>, Trouble> {
    let provider = Arc::new(ring::default_provider());
    let trust = match (database.sslmode, &database.sslrootcert) {
        (SslMode::Disable | SslMode::Prefer, _) | (SslMode::Require, None) => Trust::Anybody,
        // As libpq has it: whoever names the certificates wants them looked at.
        (SslMode::Require, Some(_)) | (SslMode::VerifyCa, _) => Trust::Signed(roots(database, &provider)?),
        (SslMode::VerifyFull, _) => Trust::SignedFor(roots(database, &provider)?),
    };
    let unusable = |error: Error| Trouble::Unusable(format!("encryption cannot be set up: {error}"));
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { trust, provider }))
        .with_no_client_auth();
    let host = database.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host.clone())
        .map_err(|_| Trouble::Unusable(format!("`{host}` cannot stand in a certificate")))?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| {
        let certificate = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match certificate {
            Some(Error::InvalidCertificate(why)) => Trouble::Unusable(format!(
                "the server's certificate is not trusted ({why:?}); nothing was sent; name the certificates that are in \
                 `sslrootcert`"
            )),
            _ => Trouble::Unreachable(format!("the encrypted connection did not come about: {error}")),
        }
    })
}

/// Gathers the certificates that are trusted.
fn roots(database: &Database, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Trouble> {
    let mut store = RootCertStore::empty();
    match &database.sslrootcert {
        Some(path) => {
            let unreadable = |error: &dyn std::fmt::Display| Trouble::Unusable(format!("sslrootcert {path}: {error}"));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                store.add(certificate).map_err(|error| unreadable(&error))?;
            }
        }
        None => {
            // What this machine trusts and rustls cannot read is passed over, as browsers do.
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if store.is_empty() {
        return Err(Trouble::Unusable(
            "there is no trusted certificate to check the server's with; name a file in `sslrootcert`".to_owned(),
        ));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(|error| Trouble::Unusable(format!("the trusted certificates cannot be used: {error}")))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match &self.trust {
            Trust::Anybody => Ok(ServerCertVerified::assertion()),
            Trust::SignedFor(verifier) => verify(verifier),
            Trust::Signed(verifier) => match verify(verifier) {
                // The name is looked at last: everything else was right.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                verified => verified,
            },
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
