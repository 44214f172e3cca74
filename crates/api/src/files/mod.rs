//! Operations on the files of a site's published deploy.

pub(crate) mod get_site_file_by_path_name;
pub(crate) mod list_site_files;
mod show;
