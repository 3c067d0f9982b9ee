"""The registers, a module each: accounts, drafts, versions, jobs, sites, claims and more."""
