"""One register per noun of the editorial side: accounts, drafts, versions, jobs, sites, claims."""
