"""The heavy wing: everything that needs torch, torchvision, captum, umap or scikit-learn."""
