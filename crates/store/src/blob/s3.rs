//! Blobs in an S3 bucket, put only if absent.

use super::{BlobStream, checked, io};
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path as Key;
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, WriteMultipart,
};
use std::ops::Range;
use std::path::Path;
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;

/// Files up to this size go up in one conditional request; larger ones in parts.
const SINGLE_PUT_MAX: u64 = 32 << 20;
/// Bytes of one part.
const PART: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_IN_FLIGHT: usize = 4;

/// How to reach a bucket.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Root of the service, `http` or `https`; none for the region's own.
    pub endpoint: Option<String>,
    /// Region.
    pub region: String,
    /// Bucket.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
}

pub(super) struct S3 {
    client: AmazonS3,
}

impl S3 {
    pub(super) fn open(settings: &S3Settings) -> Result<Self> {
        let mut builder = AmazonS3Builder::new()
            .with_region(&settings.region)
            .with_bucket_name(&settings.bucket)
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(&settings.secret_key)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Self { client: builder.build()? })
    }

    fn key(digest: &str) -> Result<Key> {
        let digest = checked(digest)?;
        Ok(Key::from(format!("blobs/{}/{}", &digest[..2], &digest[2..])))
    }

    pub(super) async fn keep(&self, file: NamedTempFile, digest: &str) -> Result<()> {
        let key = Self::key(digest)?;
        let path = file.path().to_owned();
        let size = file.as_file().metadata().map_err(io(&path))?.len();
        if size > SINGLE_PUT_MAX {
            return self.keep_in_parts(&path, &key).await;
        }
        let bytes = tokio::fs::read(&path).await.map_err(io(&path))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.client.put_opts(&key, bytes.into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(Error::Object(error)),
        }
    }

    /// Parts cannot be conditional; the content is the same whoever wins.
    async fn keep_in_parts(&self, path: &Path, key: &Key) -> Result<()> {
        if self.client.head(key).await.is_ok() {
            return Ok(());
        }
        let mut file = tokio::fs::File::open(path).await.map_err(io(path))?;
        let mut upload = WriteMultipart::new_with_chunk_size(self.client.put_multipart(key).await?, PART);
        let mut buffer = vec![0; PART];
        loop {
            let read = file.read(&mut buffer).await.map_err(io(path))?;
            if read == 0 {
                break;
            }
            upload.wait_for_capacity(PARTS_IN_FLIGHT).await?;
            upload.write(&buffer[..read]);
        }
        upload.finish().await?;
        Ok(())
    }

    pub(super) async fn get(&self, digest: &str) -> Result<Bytes> {
        Ok(self.client.get(&Self::key(digest)?).await?.bytes().await?)
    }

    pub(super) async fn stream(&self, digest: &str, range: Range<u64>) -> Result<BlobStream> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let answer = self.client.get_opts(&Self::key(digest)?, options).await?;
        Ok(answer.into_stream().map_err(Error::Object).boxed())
    }

    pub(super) async fn contains(&self, digest: &str) -> Result<bool> {
        match self.client.head(&Self::key(digest)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::Object(error)),
        }
    }
}
