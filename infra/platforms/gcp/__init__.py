"""Google Cloud as a platform. The only folder that imports its SDK."""
