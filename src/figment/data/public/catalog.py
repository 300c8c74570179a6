"""Well-known public sets by name: where they come from, what their licences allow, and how to tell the right bytes.

Every size, count and checksum here was looked up, and each checksum names its source. **None of the addresses could be
tried where this table was written, which had no internet**: one that has moved since gives a sentence that says what to
do, and a checked file is the right one wherever it came from.
"""

from dataclasses import dataclass

from figment.common.units import as_bytes


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set. checksum: "sha256:…" or "md5:…", with its source; size in bytes; None where nobody tells."""

    name: str
    urls: tuple[str, ...]
    size: int | None = None
    checksum: str | None = None
    source_of_checksum: str | None = None


@dataclass(frozen=True)
class Together:
    """What tells which pictures of a set belong together: a file of names and groups, or a pattern of their names.

    name: what the groups are, as --group takes it. pattern: its first bracket names the group.
    """

    name: str
    file: RemoteFile | None = None
    pattern: str = ""


@dataclass(frozen=True)
class PublicSet:
    """A public set. pixels: width × height. total: bytes of all files, where they are known only together.

    together: what is known of which pictures belong together; its files don't count among the set's.
    """

    name: str
    title: str
    home: str
    licence: str
    licence_url: str
    pictures: int
    pixels: str
    files: tuple[RemoteFile, ...]
    total: int | None = None
    together: tuple[Together, ...] = ()

    @property
    def download_bytes(self) -> int | None:
        """What the download takes, or None where nobody tells."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else self.total

    @property
    def verified(self) -> bool:
        """Whether every file has a checksum from elsewhere."""
        return all(file.checksum for file in self.files)

    @property
    def terms(self) -> str:
        """What somebody should know before the download."""
        size = f"a download of {as_bytes(self.download_bytes)}" if self.download_bytes else "a download of unknown size"
        checked = "" if self.verified else "; no checksum of it is published"
        return (
            f"{self.title}: {self.pictures:,} pictures, {self.pixels} pixels, {size}{checked}.\n"
            f"Home: {self.home}\nLicence: {self.licence} ({self.licence_url})"
        )


_TFDS = "https://github.com/tensorflow/datasets/blob/{}/tensorflow_datasets/url_checksums/{}.txt"
_TFDS_FIRST, _TFDS_LATER = "333639b37af6c6fedf3610a4a2d42f1c6ef6f7d5", "31f1255e57e519a6c004f0b097a2f5cfcf0dde7d"
_SKLEARN_LFW = "https://github.com/scikit-learn/scikit-learn/blob/00de9a12521ea0d4c773dec7804ed17b0eaeb7e8/sklearn/datasets/_lfw.py"
_HUB = "https://huggingface.co/datasets/{}/resolve/{}/{}"
# Its own host, vis-www.cs.umass.edu, is gone, and the set aligned by deep funneling with it: no other copy is known.
_LFW = "https://web.archive.org/web/2023/http://vis-www.cs.umass.edu/lfw/"
_NO_LICENCE = "none stated"
# The folders of Labeled Faces in the Wild are people.
_PEOPLE_BY_FOLDER = (Together("person", pattern=r"([^/]+)/[^/]*$"),)


def _tfds(name: str, commit: str = _TFDS_FIRST) -> str:
    return _TFDS.format(commit, name)


def _idx(source: str, bases: tuple[str, ...], facts: tuple[tuple[int, str], ...]) -> tuple[RemoteFile, ...]:
    """The four files of MNIST and its kin, in their usual order, from sizes and sha256."""
    names = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    return tuple(
        RemoteFile(name, tuple(f"{base}{name}" for base in bases), size, f"sha256:{digest}", source)
        for name, (size, digest) in zip(names, facts, strict=True)
    )


def _shards(repository: str, commit: str, count: int) -> tuple[RemoteFile, ...]:
    """Parquet shards in a repository of the Hugging Face hub, at a commit: these bytes can't change."""
    names = [f"train-{index:05d}-of-{count:05d}.parquet" for index in range(count)]
    return tuple(RemoteFile(name, (_HUB.format(repository, commit, f"data/{name}"),)) for name in names)


_SETS = [
    PublicSet(
        name="celeba",
        title="CelebA, aligned and cropped",
        home="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        licence="non-commercial research only, no redistribution",
        licence_url="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        pictures=202_599,
        pixels="178×218",
        files=(
            # The authors' own copy is on Google Drive, which gives no direct address. This one belongs to the PyTorch
            # tutorials (github.com/pytorch/tutorials, .jenkins/download_data.py) and has the same sha256.
            RemoteFile(
                "img_align_celeba.zip",
                ("https://s3.amazonaws.com/pytorch-tutorial-assets/img_align_celeba.zip",),
                1_443_490_838,
                "sha256:46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
                _tfds("celeb_a"),
            ),
        ),
        together=(
            # The authors' own file: "000001.jpg 2880", a line for each picture, and 10,177 people.
            Together(
                "person",
                RemoteFile(
                    "identity_CelebA.txt",
                    (
                        "https://drive.google.com/uc?export=download&id=1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS",
                        "https://huggingface.co/datasets/KaraAgrowal/celebA/resolve/main/identity_CelebA.txt",
                    ),
                    3_424_458,
                    "sha256:c6143857c3e2630ac2da9f782e9c1232e5e59be993a9d44e8a7916c78a6158c0",
                    "https://github.com/tensorflow/datasets/blob/5455cd6c667a716a6aa1b13e86ff28985a040acd/"
                    "tensorflow_datasets/datasets/celeb_a/checksums.tsv",
                ),
            ),
        ),
    ),
    PublicSet(
        name="ffhq-128",
        title="Flickr-Faces-HQ, thumbnails",
        home="https://github.com/NVlabs/ffhq-dataset",
        licence="CC BY-NC-SA 4.0; single pictures CC BY 2.0, CC BY-NC 2.0 or public domain",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
        pictures=70_000,
        pixels="128×128",
        files=(
            # NVIDIA's copy is on Google Drive. The checksum is the one that the mirror's repository keeps of its file:
            # it says that the bytes are the mirror's, and only its size (1.97 GiB) that they are NVIDIA's.
            RemoteFile(
                "thumbnails128x128.zip",
                (
                    _HUB.format(
                        "nuwandaa/ffhq128", "b60cfaa40d652f9401b008733faf5933f78a3042", "thumbnails128x128.zip"
                    ),
                    "https://archive.org/download/ffhq-dataset/thumbnails128x128.zip",
                ),
                2_114_632_904,
                "sha256:ef9fd4b39922cf599c6446e45b03b334824c6ce19b4b8bdf7aee6d06df355f3f",
                "https://huggingface.co/datasets/nuwandaa/ffhq128/commit/b60cfaa40d652f9401b008733faf5933f78a3042",
            ),
        ),
    ),
    PublicSet(
        name="metfaces",
        title="MetFaces, faces in works of art",
        home="https://github.com/NVlabs/metfaces-dataset",
        licence="CC BY-NC 2.0",
        licence_url="https://creativecommons.org/licenses/by-nc/2.0/",
        pictures=1_336,
        pixels="1024×1024",
        # NVIDIA's copy is on Google Drive; Hugging Face's own people made this one for their HugGAN event.
        files=_shards("huggan/metfaces", "c9754a23fa61e3b8a5492aa04f0279d54f78e6fe", 4),
        total=1_645_336_178,
    ),
    PublicSet(
        name="afhq-v2",
        title="Animal Faces-HQ, version 2: cats, dogs and wild animals",
        home="https://github.com/clovaai/stargan-v2#animal-faces-hq-dataset-afhq",
        licence="CC BY-NC 4.0",
        licence_url="https://creativecommons.org/licenses/by-nc/4.0/",
        pictures=15_803,
        pixels="512×512",
        # The authors' copy is behind a Dropbox page; Hugging Face's own people made this one for their HugGAN event.
        files=_shards("huggan/AFHQv2", "f638548a7eccf134045249ed2ac708505bac6e2e", 13),
        total=6_962_749_836,
    ),
    PublicSet(
        name="lfw",
        title="Labeled Faces in the Wild",
        home=_LFW,
        licence=_NO_LICENCE,
        licence_url=_LFW,
        pictures=13_233,
        pixels="250×250",
        files=(
            RemoteFile(
                "lfw.tgz",
                ("https://ndownloader.figshare.com/files/5976018",),
                180_566_744,
                "sha256:055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
                _SKLEARN_LFW,
            ),
        ),
        together=_PEOPLE_BY_FOLDER,
    ),
    PublicSet(
        name="lfw-funneled",
        title="Labeled Faces in the Wild, aligned by funneling",
        home=_LFW,
        licence=_NO_LICENCE,
        licence_url=_LFW,
        pictures=13_233,
        pixels="250×250",
        files=(
            RemoteFile(
                "lfw-funneled.tgz",
                ("https://ndownloader.figshare.com/files/5976015",),
                None,
                "sha256:b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
                _SKLEARN_LFW,
            ),
        ),
        together=_PEOPLE_BY_FOLDER,
    ),
    PublicSet(
        name="cifar10",
        title="CIFAR-10, binary version",
        home="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence=_NO_LICENCE,
        licence_url="https://www.cs.toronto.edu/~kriz/cifar.html",
        pictures=60_000,
        pixels="32×32",
        files=(
            RemoteFile(
                "cifar-10-binary.tar.gz",
                ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
                170_052_171,
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                _tfds("cifar10"),
            ),
        ),
    ),
    PublicSet(
        name="cifar100",
        title="CIFAR-100, binary version",
        home="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence=_NO_LICENCE,
        licence_url="https://www.cs.toronto.edu/~kriz/cifar.html",
        pictures=60_000,
        pixels="32×32",
        files=(
            RemoteFile(
                "cifar-100-binary.tar.gz",
                ("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",),
                168_513_733,
                "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
                _tfds("cifar100"),
            ),
        ),
    ),
    PublicSet(
        name="fashion-mnist",
        title="Fashion-MNIST",
        home="https://github.com/zalandoresearch/fashion-mnist",
        licence="MIT",
        licence_url="https://github.com/zalandoresearch/fashion-mnist/blob/master/LICENSE",
        pictures=70_000,
        pixels="28×28",
        files=_idx(
            _tfds("fashion_mnist"),
            (
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            ),
            (
                (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            ),
        ),
    ),
    PublicSet(
        name="mnist",
        title="MNIST, handwritten digits",
        home="http://yann.lecun.com/exdb/mnist/",
        licence="CC BY-SA 3.0",
        licence_url="https://creativecommons.org/licenses/by-sa/3.0/",
        pictures=70_000,
        pixels="28×28",
        files=_idx(
            _tfds("mnist", _TFDS_LATER),
            (
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ),
            (
                (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ),
        ),
    ),
    PublicSet(
        name="kmnist",
        title="Kuzushiji-MNIST, old Japanese characters",
        home="https://github.com/rois-codh/kmnist",
        licence="CC BY-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
        pictures=70_000,
        pixels="28×28",
        files=_idx(
            _tfds("kmnist"),
            ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
            (
                (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
                (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
                (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
                (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
            ),
        ),
    ),
    PublicSet(
        name="flowers102",
        title="Oxford 102 Flowers",
        home="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        licence=_NO_LICENCE,
        licence_url="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        pictures=8_189,
        pixels="various",
        files=(
            RemoteFile(
                "102flowers.tgz",
                ("https://www.robots.ox.ac.uk/~vgg/data/flowers/102/102flowers.tgz",),
                344_862_509,
                "sha256:2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
                _tfds("oxford_flowers102", "24211da0508a86f0a9efd82c69bab9d25cda0a20"),
            ),
        ),
    ),
    PublicSet(
        name="pets",
        title="Oxford-IIIT Pets, cats and dogs",
        home="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        licence="CC BY-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
        pictures=7_349,
        pixels="various",
        files=(
            RemoteFile(
                "images.tar.gz",
                ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",),
                791_918_971,
                "sha256:67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
                _tfds("oxford_iiit_pet"),
            ),
        ),
    ),
]
PUBLIC_SETS: dict[str, PublicSet] = {entry.name: entry for entry in _SETS}
