"""Frequent function words of languages that share an alphabet, for fast identification.

Grammar words only (articles, pronouns, prepositions, conjunctions, auxiliaries), lower case, as in running text. A
word of several languages counts less for each of them.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Split a table into its words."""
    return frozenset(text.split())


WORDS: dict[str, str] = {
    "en": """the of and to in is that it for was on are as with his they at be this have from or had by but not what
        all were we when your can said there use an each which she do how their if will up other about out many then
        them these so some her would him has more could no than been its who now my over did only me our any these
        should does those because into you i he a after before while where between under through during against was
        yes no ok okay yeah hello bye please thanks thank i'm don't it's can't that's let's isn't you're didn't he's
        she's what's there's we're they're i've i'll won't doesn't know think go get just like well right good wait oh
        hey come see want need am why how too here again never maybe sorry really let got""",
    "de": """der die und das in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er
        hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur
        bis mehr durch man sein wurde sei kann gegen vom können schon wenn habe seine mark ihre dann unter wir soll
        ich eines jahr zwei diese dieser wieder keine seiner worden will zwischen immer ihr ihm ihn mir mich uns
        beim mal doch jetzt ja nein danke bitte kein war's geht's hallo""",
    "fr": """le la les de des du un une et est en que qui dans pour pas au sur ne se ce il elle sont avec plus par on
        nous vous ils cette ou mais leur leurs aux ces son sa ses été être avoir fait tout comme si bien sans peut
        même aussi entre après avant très où dont donc ainsi lors chez moins encore depuis notre votre y ai avait
        était c'est d'une d'un l'on qu'il n'est j'ai oui merci""",
    "es": """de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin
        sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque
        qué sólo han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese ahora cada e
        vida otro después te otros aunque esa eso hace otra gobierno tan durante siempre día sí gracias""",
    "it": """di e il la che in a per un è del non una con i della le da si gli al dei sono come più ha nel alla anche
        lo delle ma dal se ed dalla nella su questo o ai questa degli alle era sua suo nelle loro ad quello dopo fra
        tra essere stato stata poi due tutti fino molto senza prima quando hanno anni così perché sul sulla cui ogni
        dell'anno c'è può già ancora solo""",
    "pt": """de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu
        sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter
        seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas havia
        seja qual será nós lhe deles este esta são""",
    "nl": """de van een het en in is dat op te zijn met voor die niet aan er om ook als dan maar bij of uit nog naar
        heeft hij ze over wordt door tot je had deze zou werd meer kan was geen dit zich worden wat hun haar mijn
        onder wel zo veel na moet tegen al men hebben omdat waar toch kunnen twee zal ik zij we nu""",
    "sv": """och i att det som en på är av för med den till inte har de om ett han men var jag sig från vi så kan när
        år under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra mycket än
        här då sedan över bara in blir upp även vad få två vill ha många hur mer går sverige detta""",
    "da": """og i at det er en til af på for med den de ikke har som der et han var men sig fra vi jeg kan om så ved
        efter ud blev når også være eller havde skal år nu sin over her hvor mod vil op hun da under bliver kun have
        mange to end andre meget noget været hvad alle deres denne dette mere""",
    "no": """og i det på som er en til å for at av med de ikke han har den var men et seg fra om vi jeg så kan ved ble
        etter når også være eller hadde skal år nå sin over her hvor mot vil opp hun da under blir bare ha mange to
        enn andre mye noe vært hva alle deres denne dette mer""",
    "fi": """ja on ei että se hän oli joka ovat mutta kun myös kuin tai ole niin sen mukaan ollut vain jos hänen sitä
        jo nyt vielä jonka siitä mitä ja sekä kanssa ennen jälkeen noin voi olisi olla ne tämä joita kuitenkin sitten
        tämän heidän minä sinä me te he mikä koska johon jossa joiden""",
    "is": """og í að á er sem til það var við um með hann af en fyrir ekki þau hún þeir ég eru frá þess hefur verið
        þegar hafa eða þá þar svo sé voru þetta hans þessi eftir upp allt þær þeim þessu verður mun úr yfir þú sér
        þeirra einnig hennar vegna milli þó þessum hér nú út vera já nei takk ertu ég er bara jæja núna""",
    "pl": """w i na z się do nie jest to że o jak po co od przez za dla ale są tym jego czy tylko przy już lub ich
        może oraz było być pod także tego jej był które który która ze tak ma te jako bardzo jeszcze więc kiedy roku
        bez między nawet nad jednak sobie można gdzie wszystko będzie tej tych żeby""",
    "cs": """a v se na je že s z do o i to k ve pro za by ale si po jako jsou které jeho tak od který při jsem až bylo
        která byl nebo už jen byla podle také co jak jsme před ze další však když mezi kde být aby má roku ještě této
        tím pouze které není než bude jejich""",
    "sk": """a v sa na je že s z do o i to k vo pre za by ale si po ako sú ktoré jeho tak od ktorý pri som až bolo
        ktorá bol alebo už len bola podľa tiež čo sme pred zo ďalší však keď medzi kde byť aby má roku ešte tejto
        nie iba než bude ich""",
    "sl": """je in v na se za da z so ki pa ne s o po tudi kot od bi pri še do iz ali bil bila le že ko kaj bo tem
        lahko med zaradi njegov sem smo ima ni kar tako samo pred ter pod""",
    "hr": """i u je na se da su za od s a o iz ne koji što bi kao to će koja ili te do po ali nije bio sam biti kako
        samo više koje godine prema jer bila ih pri još kada nakon ima međutim također""",
    "hu": """a az és hogy nem is egy ez meg csak de volt mint már el ha még van ki vagy azt lehet fel majd pedig sem
        között után szerint ezt amely volna mert minden most kell ezek olyan azonban lesz nagyon itt több akkor ami
        aki így két nincs""",
    "ro": """de în a și la cu că pe din nu un o este se pentru mai care sau fi au ce lui al ale ca dar fost prin după
        sunt ei am să foarte între către fără până acest această când unde cum doar nici dacă lor ne îi cel cea cele
        iar era""",
    "tr": """bir ve bu için de da ile çok daha olarak gibi en kadar olan ne sonra ki ama var ise mi o her ya iki diye
        şey göre değil yok ben onun kendi bile hem sadece olduğu olduğunu tarafından ancak veya üzerinde nasıl önce
        bana bunu içinde mı mu oldu eden""",
    "id": """yang dan di dengan untuk tidak ini dari dalam akan pada itu juga saya ke karena tersebut bisa ada mereka
        lebih telah oleh kata dia atau sudah saat sebagai bahwa kami kita anda seperti secara dapat menjadi adalah
        tahun orang hanya para harus masih sangat setelah namun antara""",
    "vi": """và của là có không được cho các một trong người những đã này với để khi đến về từ cũng như vào ở ra còn
        trên tại đó nhiều phải sẽ lại nhưng làm theo năm sau tôi bị nếu thì mà rất đang ông hơn việc cả hai do""",
    "ca": """de la i el que a en per les és un del dels amb una al no els es més com va han o aquest si però són
        aquesta seva seu entre també ser fins tot molt sense on perquè ja hi ha quan això l'any d'un""",
    "gl": """de a e que o en do da un para os unha con non no se na as por máis dos como ao pero foi é das tamén ou súa
        seu entre moi ata sen está son pola polo isto""",
    "eu": """eta da du ez bat zen ere dira baina den izan ziren hau dute egin behar bere dela zuen edo beste baino bi
        urte arte ondoren batean horiek""",
    "lt": """ir kad į su iš yra tai bet kaip ar jau nuo po apie per dėl už buvo jo tik jis ne ji dar labai savo prie
        taip bus gali kai jų metų""",
    "lv": """un ir ar no uz ka par kas bet arī pie tika lai vai tā pēc kā ko viņš tas šo nav jau vairāk gan šī gada
        bija tiek līdz""",
    "et": """ja on ei et see oli ka kui mis oma ta kes aga või siis nii selle veel ning aasta pärast enne välja kuid
        üle juba väga seda mida""",
    "sq": """të e në dhe i për një me që nga se është nuk ka si më u do të kjo ky por tij janë shumë kanë ishte duke
        edhe pas mund""",
    "af": """die van en in is het dat nie te word met vir op hy was sy wat 'n aan om as by deur ook sal maar kan uit
        haar hulle tot ons meer daar""",
    "cy": """y yn a i o ar ei yr mae i'r ac gan wedi fod bod oedd hefyd am un ond eu hi ddim oedd ni o'r a'r dros""",
    "ga": """an na agus ar i le go a is do bhí sé tá an-mhór seo sin nach don ó leis ach mar chun níl raibh""",
    "sw": """ya na wa kwa ni za katika la kuwa cha hiyo kama huo pia watu hii yake baada lakini hivyo kutoka ili bila
        zaidi sana""",
    "tl": """ang ng sa na mga at ay si ni kay para hindi ito siya nang o ako isang kung mga may din pa lang sila
        dahil kanyang""",
    "so": """iyo ee oo ka ku uu in waxaa la ah soo isaga waa si ay kala aan kuwa leh loo dhaqan""",
    "mt": """il li ta u fil minn għal ma' huwa dan ma hija kien din jew kif biex aktar tal is-""",
    "ru": """и в не на я с что а по он это как но к из за у от о же так для вы его то все мы бы был она было они есть
        ему быть меня уже или при только если до ещё еще также после был были чтобы когда который которые которая
        этот этого можно более может нет том""",
    "uk": """і в не на я з що а по він це як але до із за у від о же так для ви його то все ми би був вона було вони є
        йому бути мене вже або при тільки якщо ще також після були щоб коли який які яка цей цього можна більше може
        немає та й зі""",
    "be": """і ў не на я з што а па ён гэта як але да за у ад ж так для вы яго ўсе мы бы быў яна было яны ёсць яму быць
        ужо або толькі калі яшчэ таксама пасля каб які якая якія гэты можна можа""",
    "bg": """и в не на с се от да за е по че са като ще до при но който която които това или също след беше той тя те
        си бил ли може само със през още има един една във бе му към между няма""",
    "sr": """и у је на се да су за од са а о из не који што би као то ће која или до по али није био сам бити како само
        више које године према јер била их још када након има""",
    "mk": """и во на се да од за е со не што ги но го како по ќе или до сè само тој таа тие беше има оваа овој која кој
        кои меѓу така""",
    "kk": """және мен бір бұл деп үшін бойынша де да болып туралы еді емес осы ол оның қазақстан""",
    "mn": """нь байна юм бол энэ болон гэж ба байсан олон хоёр тэр түүний монгол""",
    "ar": """في من على أن إلى التي عن الذي هذا هذه ما لا كان مع أو كما بعد قد بين كل ذلك لم هو هي وقد ثم حيث كانت غير
        عند أي وفي ومن والتي إن عام حتى خلال لكن الى او ان""",
    "fa": """و در به از که این را با است برای آن یک خود تا کرد بر هم نیز گفت می شود شد او ما اما باید یا شده کند بود
        دارد های اند پس بین هر کنند دو وی هایی""",
    "ur": """کے میں کی ہے اور سے کا کو اس کہ ہیں نے پر یہ بھی جو تو ایک کر وہ گیا تھا ہو نہیں تھے کیا لیے ان ہی کہا بعد
        تک جس ہوئے""",
    "hi": """के में की है और से का को पर इस कि यह हैं ने एक भी नहीं जो तो कर लिए हो या था गया किया साथ वह अपने कुछ जा थे
        तक उनके बाद थी""",
    "mr": """आणि आहे या ते व हा की हे तर ही मध्ये होते होता आहेत नाही केले करून असे त्या त्यांच्या एक केली झाली""",
    "ne": """र को मा छ छन् लाई ले पनि यो गर्न गरेको हो भने का एक भएको तथा हुन् थियो गर्ने लागि त्यो""",
}

LETTERS: dict[str, str] = {
    "de": "ßäöü", "fr": "œæçèêëîïûùàâéô", "es": "ñ¿¡áéíóú", "it": "àèéìòù", "pt": "ãõçâêôáéíóúà", "nl": "ëïĳ",
    "sv": "åäö", "da": "æøå", "no": "æøå", "fi": "äö", "is": "þðæöáéíóúý", "pl": "ąćęłńóśźż",
    "cs": "ěščřžýáíéúůďťň", "sk": "ľščťžýáíéúäôĺŕďň", "sl": "čšž", "hr": "čćđšž", "hu": "őűáéíóúöü",
    "ro": "ăâîșțşţ", "tr": "ğışçöü", "id": "", "vi": "ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹàáãèéìíòóõùúýĩũ",  # noqa: E501
    "ca": "çàèéíïòóúü·", "gl": "ñáéíóúü", "eu": "ñ", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "et": "äõöüšž",
    "sq": "ëç", "af": "êëïôû", "cy": "ŵŷâêîôû", "ga": "áéíóú", "mt": "ċġħż", "en": "", "sw": "", "tl": "", "so": "",
    "ru": "ёъыэщ", "uk": "ґєії", "be": "ўіёэ", "bg": "ъщ", "sr": "ђћџљњј", "mk": "ѓќѕџљњј", "kk": "әғқңөұүһі", "mn": "өү",  # noqa: E501
    "ar": "ةىأإ", "fa": "پچژگیک", "ur": "ٹڈڑںےہھگچپیک",
}  # fmt: skip
"""Letters beyond a-z (or the plain alphabet) of each language. A letter that a language lacks is evidence against
it."""

SCRIPT_LANGUAGES: dict[str, tuple[str, ...]] = {
    "latin": ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "pl", "cs", "sk", "sl", "hr", "hu", "ro", "tr", "id", "vi", "ca", "gl", "eu", "lt", "lv", "et", "sq", "af", "cy", "ga", "sw", "tl", "so", "mt"),  # noqa: E501
    "cyrillic": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "mn"),
    "arabic": ("ar", "fa", "ur"),
    "devanagari": ("hi", "mr", "ne"),
}  # fmt: skip
"""Scripts of several languages, and those languages that we can distinguish."""
