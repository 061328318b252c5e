"""The platform on Azure: one file a part; `azure-native` is imported here and nowhere else, by submodule."""
